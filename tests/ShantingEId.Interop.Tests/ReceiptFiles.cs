using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Crypto;
using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>A department's folder: receipts of real answers, and the certificates it trusts.</summary>
public sealed class ReceiptFiles : ServerFixture
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-receipts-").FullName;

    public IssuedSet Issued { get; private set; } = new();

    /// <summary>Root, issuing authority and receipt signer, as exported with every set.</summary>
    public string Roots => Path.Combine(folder, "authority-chain.pem");

    /// <summary>Who is called what.</summary>
    public string Callers => Path.Combine(Certificates, "callers.json");

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Issued = await Staff().IssueSetAsync(ValidRequest());
        var full = await Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = Issued.Name, View = GetIssuedSetRequest.Types.View.Full });
        await File.WriteAllTextAsync(Roots, string.Concat(full.AuthorityCertificates.Select(der =>
            System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", Sm2Certificate.Parse(der.Memory).Der) + "\n")));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A file in the folder.</summary>
    public string Save(string name, ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>The receipt of a valid answer.</summary>
    public async Task<byte[]> ValidAsync() => (await Tax().VerifyCodeAsync(Question())).Receipt.ToByteArray();

    /// <summary>Receipts of answers that were asked for at once, so that they share a tick.</summary>
    public async Task<byte[][]> ManyAsync(int count)
    {
        var tax = Tax();
        return [.. (await Task.WhenAll(Enumerable.Range(0, count).Select(_ => tax.VerifyCodeAsync(Question()).ResponseAsync))).Select(answer => answer.Receipt.ToByteArray())];
    }

    /// <summary>The receipt of a refusal.</summary>
    public async Task<byte[]> RefusedAsync()
    {
        var question = Question();
        question.Purpose = "ACCOUNT_OPENING";
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Tax().VerifyCodeAsync(question));
        return error.GetRpcStatus()!.GetDetail<RefusalReceipt>()!.Receipt.ToByteArray();
    }

    private VerifyCodeRequest Question() => new() { Code = Issued.LicenseCode, Purpose = "TAX_REGISTRATION", Reference = "样例税登〔2026〕1号", WithReceipt = true };
}
