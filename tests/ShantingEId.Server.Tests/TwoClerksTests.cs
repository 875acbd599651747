using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Google.Protobuf;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>A second caller with the rights of staff.</summary>
public sealed class TwoClerksFixture : ServerFixture
{
    protected override void Prepare()
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        var clerk = file["callers"]![0]!.DeepClone();
        clerk["name"] = "second-office";
        clerk["certificates"] = new JsonArray(Certificate("stranger").GetCertHashString(HashAlgorithmName.SHA256));
        file["callers"]!.AsArray().Add(clerk);
        File.WriteAllText(path, file.ToJsonString());
    }
}

/// <summary>Ids belong to their caller.</summary>
public sealed class TwoClerksTests(TwoClerksFixture server) : IClassFixture<TwoClerksFixture>
{
    [Fact]
    public async Task The_same_id_of_two_callers_does_not_meet()
    {
        var mine = ServerFixture.ValidRequest();
        var theirs = ServerFixture.ValidRequest();
        theirs.RequestId = mine.RequestId;
        var first = await server.Staff().IssueSetAsync(mine);

        var second = await new IssuanceService.IssuanceServiceClient(server.Channel("stranger")).IssueSetAsync(theirs);

        Assert.NotEqual(first.Name, second.Name);
        Assert.Equal(first.ToByteArray(), (await server.Staff().IssueSetAsync(mine)).ToByteArray());

        // Nor can one read the other's answer by guessing its id and content.
        var guess = await Refusal.Of(new IssuanceService.IssuanceServiceClient(server.Channel("stranger")).IssueSetAsync(mine));
        Assert.Equal("REQUEST_ID_REUSED", guess.Reason);
    }
}
