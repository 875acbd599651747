using System.Text;
using Grpc.Core;
using ShantingEId.Documents;
using ShantingEId.Server.Tests;
using ShantingEId.Tool.Bench;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// Every real row (or the project's own sample where the real ones are not at hand): issued, its QR drawn, read back from
/// the picture and verified over gRPC with the facts of the row. What could not be issued is listed with its reason.
/// </summary>
public sealed class RealRowsTests(ServerFixture server, ITestOutputHelper output) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Every_row_is_issued_and_its_picture_verifies()
    {
        // Without the real rows: invented ones.
        var rows = BenchRows.Load(Foreign.SharedData("zaozhuang-enterprises.csv"));
        using var import = server.Staff().ImportSets();
        var tax = server.Tax();
        var refused = new List<string>();
        var verified = 0;
        var versions = new SortedDictionary<int, int>();
        var reading = Task.Run(async () =>
        {
            await foreach (var answer in import.ResponseStream.ReadAllAsync())
            {
                var row = rows[(int)answer.Row];
                if (answer.Outcome != ImportSetsResponse.Types.Outcome.Issued)
                {
                    refused.Add($"{row.CreditCode} {answer.Outcome} {answer.Reason} {answer.Message}");
                    continue;
                }

                var symbol = CodeSymbol.Create(answer.IssuedSet.LicenseCode);
                versions[symbol.Version] = versions.GetValueOrDefault(symbol.Version) + 1;
                var text = Assert.Single(CodeReader.Read(symbol.ToPng(4)));
                var answerToScan = await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = text, Purpose = "TAX_REGISTRATION" });
                Assert.Equal(Verification.Types.Verdict.Valid, answerToScan.Verdict);
                Assert.Equal(row, answerToScan.License.Enterprise);
                Assert.Equal(4, answerToScan.Seals.Count);
                verified++;
            }
        });
        for (var i = 0; i < rows.Count; i++)
        {
            var request = new IssueSetRequest { RequestId = $"real-rows-import-{i:D6}", Enterprise = rows[i] };
            await import.RequestStream.WriteAsync(new ImportSetsRequest { Row = i, Request = request });
        }

        await import.RequestStream.CompleteAsync();
        await reading;

        var report = new StringBuilder($"rows {rows.Count}, issued and verified from the picture {verified}, refused {refused.Count}\n");
        report.AppendJoin('\n', refused).AppendLine();
        report.AppendJoin(", ", versions.Select(pair => $"V{pair.Key}-M × {pair.Value}"));
        output.WriteLine(report.ToString());
        Assert.Equal(rows.Count, verified + refused.Count);
        Assert.Empty(refused);
    }
}
