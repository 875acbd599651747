using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using ShantingEId.Client;
using ShantingEId.V1;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>Hits with mutual TLS and the C# client, ledger on, against the echo asked in the same way; the client is the slower side of both.</summary>
internal static class BenchMutual
{
    private const int CallsAtOnce = 256;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] reply) => reply, static request => request);
    private static readonly Method<byte[], byte[]> Echo = new(MethodType.Unary, "shanting.bench.Echo", nameof(EchoBase.Plain), Bytes, Bytes);
    private static readonly Method<byte[], byte[]> VerifyCode = new(MethodType.Unary, "shanting.eid.v1.VerificationService", "VerifyCode", Bytes, Bytes);

    public static async Task RunAsync(HotAddresses addresses, string certificates, int rounds)
    {
        string Pem(string file) => File.ReadAllText(Path.Combine(certificates, file));
        GrpcChannel Open(string name) => EidChannel.Create(addresses.Urls[name], Pem("tax-bureau.crt"), Pem("tax-bureau.key"), Pem("tls-ca.crt"));
        using var ours = Open("ledger-mtls");
        using var floor = Open("echo-mtls");
        var (mineInvoker, echoInvoker) = (ours.CreateCallInvoker(), floor.CreateCallInvoker());
        var question = new VerifyCodeRequest { Code = addresses.Bodies["code-mtls"], Purpose = "TAX_REGISTRATION" }.ToByteArray();

        // Bytes on both sides: what is compared is the way to the answer, not what the client then makes of it. The first answer is read.
        var first = Verification.Parser.ParseFrom(await mineInvoker.AsyncUnaryCall(VerifyCode, null, default, question));
        async Task Verify()
        {
            if (first.Verdict != Verification.Types.Verdict.Valid || (await mineInvoker.AsyncUnaryCall(VerifyCode, null, default, question)).Length < addresses.PlainSize - 8)
            {
                throw new InvalidOperationException("not the right answer");
            }
        }

        async Task Ask() => await echoInvoker.AsyncUnaryCall(Echo, null, default, question);
        await RateAsync(Verify, WarmUp);
        await RateAsync(Ask, WarmUp);
        var ratios = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var (echo, mine) = (await RateAsync(Ask, Window), await RateAsync(Verify, Window));
            ratios.Add(mine / echo);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1} mtls, C# client, {CallsAtOnce} calls at once: ours {mine:0}/s, echo {echo:0}/s, ratio {mine / echo:0.000}"));
        }

        Figure.AtLeast("hot_ledger_vs_echo_mtls_csharp_client", Figure.Median(ratios), "ratio", 0.7);
    }

    private static async Task<double> RateAsync(Func<Task> call, TimeSpan window)
    {
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, CallsAtOnce).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            for (; clock.Elapsed < window; count++)
            {
                await call();
            }

            return count;
        })));
        return counts.Sum() / clock.Elapsed.TotalSeconds;
    }
}
