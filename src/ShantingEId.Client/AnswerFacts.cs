using System.Globalization;
using System.Text.Json;
using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>What an answer shows, in the words of a receipt (docs/formats.md): the same names and spellings, worked out from the message that came.</summary>
internal static class AnswerFacts
{
    private static readonly HashSet<string> Names =
    [
        "license_id", "version", "authority_name", "authority_code", "issue_time", "credit_code", "name", "kind", "type", "representative", "capital",
        "establish_date", "address", "business_scope", "state_effective_time", "state_recorded_time", "state_reason",
        "as_of_time", "successor_license_id", "successor_version", "successor_effective_time", "current_version", "current_name", "trade", "premises", "holder_name",
        "issuer_division", "issuer_name",
    ];

    /// <summary>Of these names those this SDK can compare: a later service may add others to its receipts.</summary>
    public static IEnumerable<string> Known(IEnumerable<string> names) =>
        names.Where(name => Names.Contains(name) || name.StartsWith("seal.", StringComparison.Ordinal) || name.StartsWith("permit.", StringComparison.Ordinal) || name.StartsWith("answer.", StringComparison.Ordinal) || name.StartsWith("question.", StringComparison.Ordinal));

    /// <summary>Facts of a verification.</summary>
    public static Dictionary<string, string> Of(Verification answer)
    {
        var facts = new Dictionary<string, string>();
        Add("as_of_time", Time(answer.AsOfTime?.ToDateTimeOffset()));
        if (answer.Neighbour is { } neighbour)
        {
            Add("issuer_division", neighbour.IssuerDivision);
            Add("issuer_name", neighbour.IssuerName);
        }

        if (answer.License is not { } license)
        {
            return facts;
        }

        var face = license.Enterprise ?? new Enterprise();
        Add("license_id", license.LicenseId);
        Add("version", license.Version.ToString(CultureInfo.InvariantCulture));
        Add("authority_name", license.AuthorityName);
        Add("authority_code", license.AuthorityCode);
        Add("issue_time", Time(license.IssueTime?.ToDateTimeOffset()));
        Add("credit_code", face.CreditCode);
        Add("name", face.Name);
        Add("kind", face.Kind == Enterprise.Types.Kind.Unspecified ? "" : WireName(face.Kind.ToString()));
        Add("type", face.Type);
        Add("representative", face.Representative);
        Add("capital", face.Capital);
        Add("establish_date", face.EstablishDate is { } date ? $"{date.Year:D4}-{date.Month:D2}-{date.Day:D2}" : "");
        Add("address", face.Address);
        Add("business_scope", face.BusinessScope);
        Add("state_effective_time", Time(answer.StateEffectiveTime?.ToDateTimeOffset()));
        Add("state_recorded_time", Time(answer.StateRecordedTime?.ToDateTimeOffset()));
        Add("state_reason", answer.StateReason);
        if (answer.Succession is { } succession)
        {
            Add("successor_license_id", succession.LicenseId);
            Add("successor_version", succession.Version.ToString(CultureInfo.InvariantCulture));
            Add("successor_effective_time", Time(succession.EffectiveTime?.ToDateTimeOffset()));
            Add("current_version", succession.CurrentVersion.ToString(CultureInfo.InvariantCulture));
            Add("current_name", succession.CurrentName);
        }

        if (license.Trade is { } trade)
        {
            Add("trade", trade.Code);
            Add("premises", trade.Premises);
            Add("holder_name", answer.HolderName);
            foreach (var permit in answer.Permits)
            {
                Add("permit." + permit.Code, $"{permit.Number} {WireName(permit.State.ToString())} {Time(permit.StateEffectiveTime?.ToDateTimeOffset())} {Time(permit.StateUntilTime?.ToDateTimeOffset())}".TrimEnd());
            }
        }

        foreach (var seal in answer.Seals)
        {
            Add("seal." + WireName(seal.Kind.ToString()), seal.SealCode + " " + Convert.ToHexStringLower(seal.Digest.Span));
        }

        return facts;

        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                facts[name] = value;
            }
        }
    }

    /// <summary>Facts of replies to questions.</summary>
    public static Dictionary<string, string> Of(AskQuestionsRequest request, AskQuestionsResponse response)
    {
        var facts = new Dictionary<string, string>();
        if (request.AsOfTime is { } asOf)
        {
            facts["as_of_time"] = Time(asOf.ToDateTimeOffset());
        }

        for (var i = 0; i < response.Answers.Count; i++)
        {
            var number = (i + 1).ToString(CultureInfo.InvariantCulture);
            facts["question." + number] = i < request.Questions.Count ? Spell(request.Questions[i]) : "";
            facts["answer." + number] = response.Answers[i] == AskQuestionsResponse.Types.Answer.Yes ? "YES" : "NO";
        }

        return facts;
    }

    private static string Spell(Question question) => question.AskCase switch
    {
        Question.AskOneofCase.NameMatches => "name_matches " + question.NameMatches,
        Question.AskOneofCase.RepresentativeIs => "representative_is " + question.RepresentativeIs,
        Question.AskOneofCase.SealCurrent => "seal_current " + question.SealCurrent,
        Question.AskOneofCase.PermitActive => "permit_active " + question.PermitActive,
        _ => question.Active ? "active true" : "active false",
    };

    private static string WireName(string name) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(name);

    private static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "";
}
