using ShantingEId.Crypto;
using ShantingEId.Licenses;

namespace ShantingEId.Deregistering;

/// <summary>全体投资人承诺书, which stays with the applicant's papers: its digest proves later which text was signed.</summary>
/// <param name="Digest">SM3 of the document.</param>
/// <param name="Reference">Where it is filed, 1 to 100 characters.</param>
/// <param name="Investors">How many investors there are, all of whom signed.</param>
public sealed record Commitment(byte[] Digest, string Reference, int Investors)
{
    private const int MostInvestors = 10_000;

    /// <summary>Refuses what cannot be a commitment; all violations at once.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.CommitmentInvalid"/>.</exception>
    public void RequireForm()
    {
        var violations = new List<FieldViolation>();
        void Violated(string field, string problem) => violations.Add(new FieldViolation("commitment." + field, ErrorReason.CommitmentInvalid, problem));
        if (Digest.Length != Sm3.Size)
        {
            Violated("digest", $"应为承诺书的 SM3 摘要，{Sm3.Size} 字节");
        }

        if (FaceText.Problem(Reference, 1, 100) is { Length: > 0 } problem)
        {
            Violated("reference", problem);
        }

        if (Investors is < 1 or > MostInvestors)
        {
            Violated("investors", $"应为投资人总数，1 至 {MostInvestors}");
        }

        if (violations.Count > 0)
        {
            throw new EidException(ErrorReason.CommitmentInvalid, string.Join("；", violations.Select(each => $"{each.Field} {each.Message}")), violations);
        }
    }

    /// <summary>All of it in one text that cannot be read two ways: U+001E cannot occur in a checked text.</summary>
    public override string ToString() => string.Join('\u001E', Convert.ToHexString(Digest), Reference, Investors);
}
