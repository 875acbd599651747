using ShantingEId.Client;
using ShantingEId.Server.Tests;
using ShantingEId.V1;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Interop.Tests;

/// <summary>A department that writes Node: @grpc/grpc-js over mutual TLS against a real server.</summary>
public sealed class NodeSampleTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly string Interop = Path.Combine(Foreign.Root, "tests", "interop");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Node_verifies_a_licence_and_its_receipt_holds()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: Cancel);

        var (exit, output, receipt) = Verify("TAX_REGISTRATION", issued.LicenseCode);

        Assert.Equal((0, $"VALID {issued.License.Enterprise.Name}\n"), (exit, output));
        var filed = EidReceipt.Check(receipt, EidTrust.FromFolder(server.Certificates));
        Assert.Equal((Verdict.Valid, "tax-bureau", issued.License.Enterprise.Name), (filed.Verdict, filed.Caller, filed.Facts["name"]));
        Assert.True(filed.IsAbout(issued.LicenseCode));

        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例理由", Authority = "样例机关" }, cancellationToken: Cancel);
        var after = Verify("TAX_REGISTRATION", issued.LicenseCode);
        Assert.StartsWith("REVOKED 执照真实，但已被吊销", after.Output, StringComparison.Ordinal);
        Assert.Equal(Verdict.Revoked, EidReceipt.Check(after.Receipt, EidTrust.FromFolder(server.Certificates)).Verdict);
    }

    [Fact]
    public void Node_reads_the_reason_of_a_refusal()
    {
        Assert.Equal((1, "ERROR PURPOSE_NOT_GRANTED\n"), Refused("ACCOUNT_OPENING", "0000-0000-0000"));
        Assert.Equal((1, "ERROR QR_TEXT_INVALID\n"), Refused("TAX_REGISTRATION", "样例\u0001"));

        (int, string) Refused(string purpose, string code) => Verify(purpose, code) is var answer ? (answer.Exit, answer.Output) : default;
    }

    private (int Exit, string Output, byte[] Receipt) Verify(string purpose, string code)
    {
        NodeTests.NeedModule("@grpc/grpc-js");
        var file = Path.Combine(server.Data, Path.GetRandomFileName());
        var (exit, output) = Foreign.Run("node", ["verify-license.mjs", server.Address.Authority, server.Certificates, purpose, code, file], folder: Interop);
        return (exit, output, File.Exists(file) ? File.ReadAllBytes(file) : []);
    }
}
