using Google.Rpc;
using Grpc.Core;

namespace ShantingEId.Server.Tests;

/// <summary>A refusal as a caller receives it: status, machine reason, fields at fault.</summary>
public sealed record Refusal(StatusCode Status, string Reason, IReadOnlyList<BadRequest.Types.FieldViolation> Violations, ErrorInfo Info, string Message)
{
    /// <summary>"field REASON" of every violation, in the order given.</summary>
    public string[] Fields => [.. Violations.Select(violation => $"{violation.Field} {violation.Reason}")];

    /// <summary>Everything a person or a log could read in it.</summary>
    public string AllText => string.Join('\n', [Message, .. Violations.Select(violation => violation.Description), .. Info.Metadata.Values]);

    /// <summary>The refusal of a call that must fail; without our ErrorInfo the test fails.</summary>
    public static async Task<Refusal> Of(Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(call);
        var status = error.GetRpcStatus();
        Assert.True(status is not null, $"{error.Status} carries no google.rpc.Status");
        return Of(status, error.StatusCode);
    }

    public static async Task<Refusal> Of<T>(AsyncUnaryCall<T> call) => await Of(async () => await call);

    public static Refusal Of(Google.Rpc.Status status, StatusCode code)
    {
        var info = status.GetDetail<ErrorInfo>();
        Assert.True(info is not null, $"{code} carries no ErrorInfo");
        Assert.Equal("eid", info.Domain);
        Assert.Equal((int)code, status.Code);
        return new Refusal(code, info.Reason, status.GetDetail<BadRequest>()?.FieldViolations.ToArray() ?? [], info, status.Message);
    }

    /// <summary>One field is at fault, for one reason.</summary>
    public void IsField(StatusCode status, string reason, string field)
    {
        Assert.Equal((status, reason), (Status, Reason));
        Assert.Equal([$"{field} {reason}"], Fields);
    }
}
