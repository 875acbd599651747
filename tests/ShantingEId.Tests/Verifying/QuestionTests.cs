using ShantingEId.Verifying;

namespace ShantingEId.Tests.Verifying;

/// <summary>Questions: what counts as the same name, what cannot be asked, and no answer where there is no licence.</summary>
public sealed class QuestionTests
{
    [Theory]
    [InlineData("样例（山东）有限公司", "样例(山东)有限公司")]
    [InlineData("样例（山东)有限公司", "样例(山东）有限公司")]
    [InlineData("阿卜杜·样例", "阿卜杜•样例")]
    [InlineData("阿卜杜·样例", "阿卜杜・样例")]
    [InlineData("阿卜杜·样例", "阿卜杜･样例")]
    [InlineData("阿卜杜·样例", "阿卜杜‧样例")]
    [InlineData("Caf\u00E9样例", "Cafe\u0301样例")]
    [InlineData("样例\uFA1C", "样例\u9756")] // a compatibility ideograph whose NFC is the ordinary one
    public void Spellings_of_the_same_name_are_one(string one, string other) => Assert.Equal(Question.Fold(one), Question.Fold(other));

    [Theory]
    [InlineData("样例食品有限公司", "样例食品有限公司 ")]
    [InlineData("样例食品有限公司", "样例 食品有限公司")]
    [InlineData("样例ABC有限公司", "样例abc有限公司")]
    [InlineData("样例ABC有限公司", "样例ＡＢＣ有限公司")]
    [InlineData("样例1有限公司", "样例１有限公司")]
    [InlineData("样例（山东）有限公司", "样例[山东]有限公司")]
    [InlineData("样例（山东）有限公司", "样例山东有限公司")]
    [InlineData("阿卜杜·样例", "阿卜杜.样例")]
    [InlineData("阿卜杜·样例", "阿卜杜样例")]
    [InlineData("样例食品有限公司", "様例食品有限公司")]
    public void Another_name_stays_another_name(string one, string other) => Assert.NotEqual(Question.Fold(one), Question.Fold(other));

    [Theory]
    [InlineData(QuestionKind.None, "", "questions[3]")]
    [InlineData(QuestionKind.Active, "false", "questions[3].active")]
    [InlineData(QuestionKind.NameMatches, "", "questions[3].name_matches")]
    [InlineData(QuestionKind.NameMatches, "样", "questions[3].name_matches")]
    [InlineData(QuestionKind.NameMatches, "样例\u200B公司", "questions[3].name_matches")]
    [InlineData(QuestionKind.NameMatches, "样例\uD800公司", "questions[3].name_matches")]
    [InlineData(QuestionKind.NameMatches, " 样例公司", "questions[3].name_matches")]
    [InlineData(QuestionKind.RepresentativeIs, "样例人样例人样例人样例人样例人样例人样例人样例人样", "questions[3].representative_is")]
    [InlineData(QuestionKind.SealCurrent, "3704060000001", "questions[3].seal_current")]
    [InlineData(QuestionKind.SealCurrent, "３７０４０６０００００００１", "questions[3].seal_current")]
    public void What_could_stand_on_no_licence_cannot_be_asked(QuestionKind kind, string value, string field)
    {
        var error = Assert.Throws<EidException>(() => Question.Parse(kind, value, "questions[3]"));

        Assert.Equal(ErrorReason.QuestionInvalid, error.Reason);
        Assert.Equal(field, Assert.Single(error.Violations).Field);
        Assert.True(value.Length < 3 || !error.Message.Contains(value, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(QuestionKind.Active, "true")]
    [InlineData(QuestionKind.NameMatches, "枣庄市山亭区样例食品有限公司")]
    [InlineData(QuestionKind.RepresentativeIs, "样例人")]
    [InlineData(QuestionKind.SealCurrent, "37040600000001")]
    public void Without_a_genuine_licence_there_is_no_answer(QuestionKind kind, string value) =>
        Assert.All([Verdict.NotFound, Verdict.NotIssued, Verdict.BadSignature, Verdict.NotOurs, Verdict.Malformed],
            verdict => Assert.Null(Question.Parse(kind, value, "q").Answer(new Verification(verdict, VerdictReason.LicenseNotFound, DateTimeOffset.UnixEpoch))));
}
