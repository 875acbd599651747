using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>Errors and logs give nothing away and take nothing in (I50): what a caller wrote does not reach the log.</summary>
public sealed class QuietLogTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Marker = "MARKER-x7\r\nCritical: forged line";

    [Fact]
    public async Task What_a_caller_writes_does_not_reach_the_log_or_the_refusal()
    {
        var refusals = new List<Refusal>();
        foreach (var field in Enterprise.Descriptor.Fields.InDeclarationOrder().Where(field => field.FieldType == Google.Protobuf.Reflection.FieldType.String))
        {
            var request = ServerFixture.ValidRequest();
            field.Accessor.SetValue(request.Enterprise, Marker);
            refusals.Add(await Refusal.Of(server.Staff().IssueSetAsync(request)));
        }

        refusals.Add(await Refusal.Of(server.Staff().IssueSetAsync(new IssueSetRequest { RequestId = Marker })));
        refusals.Add(await Refusal.Of(server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = Marker })));
        refusals.Add(await Refusal.Of(server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = "issuedSets/" + Marker })));
        refusals.Add(await Refusal.Of(server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = Marker, Purpose = "TAX_REGISTRATION" })));
        refusals.Add(await Refusal.Of(server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = "x", Purpose = Marker })));
        refusals.Add(await Refusal.Of(server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = Marker, Purpose = "TAX_REGISTRATION" })));
        refusals.Add((await RawCall.As(server, "staff").Post("/MARKER-x7", [])).Refusal!);
        refusals.Add((await RawCall.As(server, "staff").Post(RawCall.VerifyCode, [], ("grpc-timeout", "MARKER-x7"), ("user-agent", "MARKER-x7"))).Refusal!);

        Assert.Equal(15, refusals.Count);
        Assert.All(refusals, refusal => Assert.DoesNotContain("MARKER", refusal.AllText, StringComparison.Ordinal));
        Assert.All(refusals, refusal => Assert.DoesNotContain("   at ", refusal.AllText, StringComparison.Ordinal));
        Assert.All(server.Log.Lines, line => Assert.DoesNotContain("MARKER", line.Text + line.Error, StringComparison.Ordinal));
        Assert.Empty(server.Log.Faults);
    }
}
