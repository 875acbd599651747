using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>Runs an import: all rows out, all answers in, by row number.</summary>
public static class Import
{
    public static async Task<Dictionary<long, ImportSetsResponse>> Run(IssuanceService.IssuanceServiceClient staff, params ImportSetsRequest[] rows)
    {
        using var call = staff.ImportSets();
        var answers = Task.Run(async () =>
        {
            var byRow = new Dictionary<long, ImportSetsResponse>();
            await foreach (var answer in call.ResponseStream.ReadAllAsync())
            {
                byRow.Add(answer.Row, answer); // A second answer to a row throws.
            }

            return byRow;
        });
        foreach (var row in rows)
        {
            await call.RequestStream.WriteAsync(row);
        }

        await call.RequestStream.CompleteAsync();
        return await answers;
    }
}
