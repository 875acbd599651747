using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Receipts;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment with a purpose for every single field and for every single question, which the bank has; and who else may do what.</summary>
public class DeskFixture : ServerFixture
{
    public const string FieldPurpose = "ONLY_", QuestionPurpose = "ASK_";

    /// <summary>The file as the server read it.</summary>
    public JsonNode File { get; private set; } = new JsonObject();

    public VerificationService.VerificationServiceClient Client(string caller) => new(Channel(caller));

    /// <summary>What a relying party trusts to check receipts: the authority's certificates, nothing of this server.</summary>
    public ReceiptTrust Trust => ReceiptTrust.FromPem(string.Concat(
        ((string[])["receipt-signer.crt", "license-ca.crt", "root.crt"]).Select(file => System.IO.File.ReadAllText(Path.Combine(Certificates, file)))));

    /// <summary>A receipt that holds; the test fails where it does not.</summary>
    public Receipt Holds(ByteString receipt)
    {
        Assert.True(Receipt.TryParse(receipt.Memory, out var parsed), "no receipt");
        Assert.Equal("", parsed.Problem(Trust));
        return parsed;
    }

    /// <summary>The receipt of a refusal.</summary>
    public async Task<(Refusal Refusal, Receipt Receipt)> Refused<T>(AsyncUnaryCall<T> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await call);
        var status = error.GetRpcStatus()!;
        return (Refusal.Of(status, error.StatusCode), Holds(status.GetDetail<RefusalReceipt>()!.Receipt));
    }

    protected override void Prepare()
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        File = JsonNode.Parse(System.IO.File.ReadAllText(path))!;
        foreach (var field in FieldMask.Known)
        {
            Grant("bank", FieldPurpose + field, [field], []);
        }

        foreach (var question in Purpose.KnownQuestions.Keys)
        {
            Grant("bank", QuestionPurpose + question, [], [question]);
        }

        Change();
        System.IO.File.WriteAllText(path, File.ToJsonString(), Encoding.UTF8);
    }

    /// <summary>Further changes of the file.</summary>
    protected virtual void Change()
    {
    }

    protected JsonNode CallerNode(string name) => File["callers"]!.AsArray().Single(each => (string?)each!["name"] == name)!;

    protected void Grant(string caller, string purpose, string[] fields, string[] questions)
    {
        File["purposes"]![purpose] = new JsonObject
        {
            ["title"] = "样例", ["fields"] = new JsonArray([.. fields.Select(each => JsonValue.Create(each))]),
            ["questions"] = new JsonArray([.. questions.Select(each => JsonValue.Create(each))]),
        };
        CallerNode(caller)["purposes"]!.AsArray().Add(purpose);
    }
}
