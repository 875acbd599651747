using System.Text;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Verifying;

/// <summary>What may be asked about a licence with yes or no. Numbers equal the fields of the API's <c>Question</c>.</summary>
public enum QuestionKind
{
    /// <summary>Nothing; refused.</summary>
    None = 0,

    /// <summary>Is the licence in force?</summary>
    Active = 1,

    /// <summary>Is this the registered name?</summary>
    NameMatches = 2,

    /// <summary>Is this the legal representative?</summary>
    RepresentativeIs = 3,

    /// <summary>Is this one of the four seals of the set in force?</summary>
    SealCurrent = 4,

    /// <summary>Is it a comprehensive licence with a permit of this short name in force?</summary>
    PermitActive = 5,
}

/// <summary>
/// A question that can be answered with yes or no, without handing out the value it is about. Can only be made by
/// <see cref="Parse"/>; a value that could stand on no licence is refused there, so that a fault of the asker's program
/// is not mistaken for a No.
/// </summary>
public sealed record Question
{
    private Question(QuestionKind kind, string value)
    {
        Kind = kind;
        Value = value;
    }

    /// <summary>What is asked.</summary>
    public QuestionKind Kind { get; }

    /// <summary>The value asked about, folded as <see cref="Fold"/> does; empty for <see cref="QuestionKind.Active"/>.</summary>
    public string Value { get; }

    /// <summary>Makes a question.</summary>
    /// <param name="kind">What is asked.</param>
    /// <param name="value">The value asked about; <c>true</c> or <c>false</c> for <see cref="QuestionKind.Active"/>.</param>
    /// <param name="path">Path of the question in the request, for the violation.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.QuestionInvalid"/>.</exception>
    public static Question Parse(QuestionKind kind, string value, string path)
    {
        switch (kind)
        {
            case QuestionKind.Active:
                // "Is it not in force?" would turn every No of a failing system into a Yes.
                return value == "true" ? new Question(kind, "") : throw Invalid(path + ".active", "只能为 true");
            case QuestionKind.NameMatches:
                return new Question(kind, Text(value, 60, path + ".name_matches"));
            case QuestionKind.RepresentativeIs:
                return new Question(kind, Text(value, 24, path + ".representative_is"));
            case QuestionKind.SealCurrent:
                return SealCode.TryParse(value, out var code) ? new Question(kind, code.Value) : throw Invalid(path + ".seal_current", "应为 14 位数字的印章编码");
            case QuestionKind.PermitActive:
                return value.Length is >= 2 and <= 40 && value.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_') ? new Question(kind, value)
                    : throw Invalid(path + ".permit_active", "应为许可的代码，由大写字母、数字和 _ 组成");
            default:
                throw Invalid(path, "应恰好写明一个问题");
        }
    }

    /// <summary>The answer; null where there is no genuine licence to speak of.</summary>
    public bool? Answer(Verification about) => about.Manifest is not { } manifest ? null : Kind switch
    {
        QuestionKind.Active => about.IsValid,
        QuestionKind.NameMatches => Fold(manifest.License.Facts.Name) == Value,
        QuestionKind.RepresentativeIs => Fold(manifest.License.Facts.Representative) == Value,
        QuestionKind.PermitActive => about.IsValid && about.Permits.Any(one => one.Permit.Code == Value && one.IsInForce),
        _ => about.IsValid && manifest.Seals.Any(seal => seal.Code.Value == Value),
    };

    /// <summary>
    /// The form in which names are compared: Unicode NFC, with the spellings that input methods give for the same sign made
    /// one: full-width and half-width brackets, and the dots inside a person's name. Nothing else is mended: a name that
    /// differs in one character is another name.
    /// </summary>
    public static string Fold(string text) => text.Normalize(NormalizationForm.FormC)
        .Replace('（', '(').Replace('）', ')')
        .Replace('\u2022', '·').Replace('\u2027', '·').Replace('\u30FB', '·').Replace('\uFF65', '·');

    // Judged after folding: what a face may not carry cannot be asked about.
    private static string Text(string value, int max, string path)
    {
        try
        {
            var folded = Fold(value);
            return FaceText.Problem(folded, 2, max) is { Length: > 0 } problem ? throw Invalid(path, problem) : folded;
        }
        catch (ArgumentException)
        {
            throw Invalid(path, "含有不成对的代理码元");
        }
    }

    private static EidException Invalid(string path, string problem) =>
        new(ErrorReason.QuestionInvalid, $"{path} {problem}", [new FieldViolation(path, ErrorReason.QuestionInvalid, problem)]);
}
