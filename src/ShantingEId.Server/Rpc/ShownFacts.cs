using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Receipts;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Rpc;

/// <summary>
/// What an answer shows, in the words of a receipt: exactly the facts of the message, named as the API names them, so that the
/// holder of a receipt can prove each of them and nobody can read out of it what was not shown.
/// </summary>
internal static class ShownFacts
{
    private static readonly FrozenDictionary<EnterpriseKind, string> Kinds = Enum.GetValues<EnterpriseKind>().ToFrozenDictionary(kind => kind, kind => WireName(kind.ToString()));
    private static readonly FrozenDictionary<SealKind, string> SealNames = SealKinds.All.ToFrozenDictionary(kind => kind, kind => "seal." + WireName(kind.ToString()));

    /// <summary>The facts of an answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="questions">The questions it answers; empty when the licence itself was asked for.</param>
    public static ReceiptFacts Of(LookupAnswer answer, IReadOnlyList<V1.Question>? questions)
    {
        if (answer.Verification.Neighbour is { } neighbour)
        {
            return AsOf(OfNeighbour(neighbour, answer.Fields, questions is null), answer);
        }

        if (answer.Verification is not { Manifest: { } manifest, Entry: { } entry })
        {
            return AsOf([], answer);
        }

        var facts = new Dictionary<string, string>();
        if (questions is null)
        {
            AddFace(facts, manifest, answer.Fields, answer.Verification.Seal);
            AddPermits(facts, answer);
            AddSuccession(facts, answer.Verification.Succession, answer.Fields);
            facts["state_effective_time"] = Time(entry.State.EffectiveTime);
            facts["state_recorded_time"] = Time(entry.State.RecordedTime);
            Add(facts, "state_reason", entry.State.Reason);
        }
        else
        {
            // The value asked about came from the caller; Yes and No are all that is given away.
            for (var i = 0; i < questions.Count; i++)
            {
                var number = (i + 1).ToString(CultureInfo.InvariantCulture);
                facts[$"question.{number}"] = Name(questions[i].AskCase) + " " + Wire.ValueOf(questions[i]);
                facts[$"answer.{number}"] = answer.Answers[i] ? "YES" : "NO";
            }
        }

        return AsOf(facts, answer);
    }

    // The neighbour's register is not ours: what the code itself says is all there is to show.
    private static Dictionary<string, string> OfNeighbour(NeighbourLicense neighbour, LicenseFields fields, bool isFace)
    {
        var facts = new Dictionary<string, string> { ["issuer_division"] = neighbour.Issuer.Division, ["issuer_name"] = neighbour.Issuer.Name };
        if (neighbour.Claims is { } claims && isFace)
        {
            facts["version"] = claims.Version.ToString(CultureInfo.InvariantCulture);
            facts["issue_time"] = Time(claims.IssueTime);
            facts["authority_name"] = neighbour.Issuer.Name;
            Add(facts, "credit_code", fields.HasFlag(LicenseFields.CreditCode) ? claims.Holder.Value : "");
            Add(facts, "name", fields.HasFlag(LicenseFields.Name) ? claims.Name : "");
        }

        return facts;
    }

    // A receipt about a past instant must not be taken for one about the time at which it was asked.
    private static ReceiptFacts AsOf(Dictionary<string, string> facts, LookupAnswer answer)
    {
        if (answer.Verification.AsOfTime is { } time)
        {
            facts["as_of_time"] = Time(time);
        }

        return facts.Count == 0 ? ReceiptFacts.None : new ReceiptFacts(facts);
    }

    private static void AddSuccession(Dictionary<string, string> facts, Succession? succession, LicenseFields fields)
    {
        if (succession is null)
        {
            return;
        }

        facts["successor_version"] = succession.Successor.Version.ToString(CultureInfo.InvariantCulture);
        facts["successor_effective_time"] = Time(succession.EffectiveTime);
        facts["current_version"] = succession.Current.Id.Version.ToString(CultureInfo.InvariantCulture);
        if (fields.HasFlag(LicenseFields.CreditCode))
        {
            facts["successor_license_id"] = succession.Successor.ToString();
        }

        if (fields.HasFlag(LicenseFields.Name))
        {
            facts["current_name"] = succession.Current.Facts.Name;
        }
    }

    // Each permit's state is part of the verdict, so it is shown under every purpose. Numbers tell apart two permits of one kind.
    private static void AddPermits(Dictionary<string, string> facts, LookupAnswer answer)
    {
        var shown = answer.Verification;
        if (shown.Manifest!.License.Trade is not { } trade)
        {
            return;
        }

        facts["trade"] = trade.Code;
        foreach (var permit in shown.Permits)
        {
            var state = $"{permit.Permit.Number} {WireName(permit.State.ToString())} {Time(permit.Since)}";
            facts["permit." + permit.Permit.Code] = permit.Until is { } until ? $"{state} {Time(until)}" : state;
        }

        if (answer.Fields.HasFlag(LicenseFields.Address))
        {
            facts["premises"] = trade.Premises;
        }

        if (answer.Fields.HasFlag(LicenseFields.Name) && shown.Holder is { } holder && holder.Facts.Name != shown.Manifest.License.Facts.Name)
        {
            facts["holder_name"] = holder.Facts.Name;
        }
    }

    private static void AddFace(Dictionary<string, string> facts, Manifest manifest, LicenseFields fields, SealCode? only)
    {
        var license = manifest.License;
        var face = license.Facts;
        if (fields.HasFlag(LicenseFields.CreditCode))
        {
            facts["license_id"] = license.Id.ToString();
        }

        facts["version"] = license.Id.Version.ToString(CultureInfo.InvariantCulture);
        facts["authority_name"] = license.AuthorityName;
        facts["authority_code"] = license.AuthorityCode.Value;
        facts["issue_time"] = Time(license.IssueTime);
        Face(LicenseFields.CreditCode, "credit_code", face.CreditCode.Value);
        Face(LicenseFields.Name, "name", face.Name);
        Face(LicenseFields.Kind, "kind", Kinds[face.Kind]);
        Face(LicenseFields.Type, "type", face.Type);
        Face(LicenseFields.Representative, "representative", face.Representative);
        Face(LicenseFields.Capital, "capital", face.Capital?.Text ?? "");
        Face(LicenseFields.EstablishDate, "establish_date", face.EstablishDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Face(LicenseFields.Address, "address", face.Address);
        Face(LicenseFields.BusinessScope, "business_scope", face.BusinessScope);
        foreach (var seal in manifest.Seals.Where(seal => only is null || seal.Code == only))
        {
            Face(LicenseFields.Seals, SealNames[seal.Kind], seal.Code.Value + " " + Convert.ToHexStringLower(seal.Digest));
        }

        void Face(LicenseFields field, string name, string value)
        {
            if (fields.HasFlag(field))
            {
                Add(facts, name, value);
            }
        }
    }

    private static void Add(Dictionary<string, string> facts, string name, string value)
    {
        if (value.Length > 0)
        {
            facts[name] = value;
        }
    }

    private static string Name(V1.Question.AskOneofCase question) => question switch
    {
        V1.Question.AskOneofCase.Active => "active",
        V1.Question.AskOneofCase.NameMatches => "name_matches",
        V1.Question.AskOneofCase.RepresentativeIs => "representative_is",
        V1.Question.AskOneofCase.PermitActive => "permit_active",
        _ => "seal_current",
    };

    private static string WireName(string name) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(name);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
