using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Receipts;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>Makes receipts that hold, of whatever it is told: what a test breaks is one thing in a good one.</summary>
public sealed class ReceiptPress(string certificates)
{
    private readonly IssuingAuthority authority = AuthorityFiles.Load(certificates, production: false, TimeProvider.System.GetUtcNow());

    public SigningKey ReceiptSigner => authority.ReceiptSigner;

    public SigningKey CodeSigner => authority.CodeSigner;

    /// <summary>A record of a valid answer; change one thing.</summary>
    public static LookupRecord Record(string code, ReceiptFacts facts, DateTimeOffset statusAsOf) => new(
        TimeProvider.System.GetUtcNow(), statusAsOf, "VerifyCode", "tax-bureau", "TAX_REGISTRATION", LookupRecord.DigestRequest("VerifyCode", code),
        "", 1, "", facts.Digest(), "");

    /// <summary>The receipt of a record, in a tick with two others.</summary>
    public byte[] Print(LookupRecord record, ReceiptFacts facts, SigningKey? signer = null)
    {
        var records = new[] { Record("另一", ReceiptFacts.None, record.StatusAsOf), record, Record("又一", ReceiptFacts.None, record.StatusAsOf) }.Select(each => each.Encode()).ToArray();
        var places = new List<(int, int)>();
        foreach (var each in records)
        {
            places.Add((places.Count == 0 ? 0 : places[^1].Item1 + places[^1].Item2, each.Length));
        }

        var tree = MerkleTree.Of(records.SelectMany(each => each).ToArray(), places.ToArray());
        var path = new byte[2 * Sm3.Size];
        path = path[..tree.WritePath(1, path)];
        var root = new LedgerRoot(authority.Environment, "sample", 7, record.Time, records.Length, tree.Root.ToArray(), LedgerRoot.BeforeTheFirst);
        var signed = Envelope.Sign(ContentType.LookupTick, root.Encode(), signer ?? ReceiptSigner).Encode();
        var encoded = facts.Encode();
        var receipt = new byte[Receipt.Size(records[1].Length, encoded.Length, 1, records.Length, path.Length, signed.Length)];
        Receipt.Write(receipt, records[1], encoded, 1, records.Length, path, signed);
        return receipt;
    }
}
