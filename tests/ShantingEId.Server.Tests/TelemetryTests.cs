using System.Diagnostics;
using System.Text.Json.Nodes;
using Grpc.Core;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Telemetry;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment whose callers have names of their own: instruments belong to the process, and other tests run beside.</summary>
public sealed class TelemetryFixture : ServerFixture
{
    public const string MeasuredTax = "tax-measured", MeasuredStaff = "staff-measured";

    protected override void Prepare()
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (var (old, name) in (ReadOnlySpan<(string, string)>)[("tax-bureau", MeasuredTax), ("staff", MeasuredStaff)])
        {
            file["callers"]!.AsArray().Single(each => (string?)each!["name"] == old)!["name"] = name;
        }

        File.WriteAllText(path, file.ToJsonString());
    }
}

/// <summary>What an operator can count, and that nothing of it names a company, a person or a code.</summary>
public sealed class TelemetryTests(TelemetryFixture server) : IClassFixture<TelemetryFixture>
{
    [Fact]
    public async Task Calls_verdicts_tiers_ledger_and_store_are_counted()
    {
        List<Metric> metrics = [];
        using var provider = OpenTelemetry.Sdk.CreateMeterProviderBuilder().AddMeter(EidMeters.Name).AddInMemoryExporter(metrics).Build();
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await Ask(issued);

        // A call is counted a moment after its answer has left; the last one is looked for until it is there.
        (string, string)[] last = [("eid.caller", TelemetryFixture.MeasuredTax), ("eid.method", ""), ("eid.outcome", "ACCESS_DENIED")];
        for (var i = 0; i < 200 && Count(metrics, "eid.call.duration", last) == 0; i++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
            metrics.Clear();
            provider.ForceFlush();
        }

        Assert.Equal(4, Count(metrics, "eid.call.duration", ("eid.caller", TelemetryFixture.MeasuredTax), ("eid.method", "VerifyCode"), ("eid.outcome", "OK")));
        Assert.Equal(1, Count(metrics, "eid.call.duration", ("eid.caller", TelemetryFixture.MeasuredTax), ("eid.method", "VerifyCode"), ("eid.outcome", "PURPOSE_NOT_GRANTED")));
        Assert.Equal(1, Count(metrics, "eid.call.duration", ("eid.caller", TelemetryFixture.MeasuredTax), ("eid.method", "VerifyCode"), ("eid.outcome", "MALFORMED_REQUEST")));
        Assert.Equal(1, Count(metrics, "eid.call.duration", ("eid.caller", TelemetryFixture.MeasuredTax), ("eid.method", ""), ("eid.outcome", "ACCESS_DENIED")));
        Assert.Equal(1, Count(metrics, "eid.call.duration", ("eid.caller", TelemetryFixture.MeasuredStaff), ("eid.method", "IssueSet"), ("eid.outcome", "OK")));
        Assert.Equal(3, Count(metrics, "eid.verdicts", ("eid.caller", TelemetryFixture.MeasuredTax), ("eid.verdict", "VALID"), ("eid.reason", "")));
        Assert.Equal(1, Count(metrics, "eid.verdicts", ("eid.caller", TelemetryFixture.MeasuredTax), ("eid.verdict", "NOT_OURS"), ("eid.reason", "QR_PREFIX")));
        Assert.Equal(1, Count(metrics, "eid.verdicts", ("eid.caller", TelemetryFixture.MeasuredTax), ("eid.verdict", "NOT_FOUND")));
        Assert.True(Count(metrics, "eid.cache.reads", ("eid.tier", "MEMORY")) >= 1);
        Assert.True(Count(metrics, "eid.store.duration", ("eid.operation", "read")) >= 1);
        Assert.True(Count(metrics, "eid.store.duration", ("eid.operation", "write")) >= 1);
        Assert.True(Count(metrics, "eid.ledger.tick.size") >= 1);
        Assert.True(Count(metrics, "eid.ledger.flush.duration") >= 1);
        Clean(issued, metrics.SelectMany(metric => Points(metric)).SelectMany(point => point.Tags));
    }

    [Fact]
    public async Task A_call_is_a_span_below_that_of_its_caller()
    {
        List<Activity> spans = [];
        var trace = ActivityTraceId.CreateRandom();
        IssuedSet issued;
        using (OpenTelemetry.Sdk.CreateTracerProviderBuilder().AddSource(EidMeters.Name).SetSampler(new AlwaysOnSampler()).AddInMemoryExporter(spans).Build())
        {
            issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), new Metadata { { "traceparent", $"00-{trace}-00f067aa0ba902b7-01" } });
            await JsonCall.As(server, "staff").Get("/v1/issuedSets/" + issued.License.Enterprise.CreditCode);
            await Ask(issued);
            await Task.Delay(500, TestContext.Current.CancellationToken); // A span ends a moment after the answer has left.
        }

        var mine = spans.Where(span => span.GetTagItem("eid.caller") is TelemetryFixture.MeasuredTax or TelemetryFixture.MeasuredStaff).ToArray();
        var issue = Assert.Single(mine, span => span.DisplayName == "IssueSet");
        Assert.Equal((trace, "00f067aa0ba902b7"), (issue.TraceId, issue.ParentSpanId.ToHexString()));
        Assert.Single(mine, span => span.DisplayName == "GetIssuedSet");
        Assert.Contains(mine, span => span.DisplayName == "VerifyCode" && (string?)span.GetTagItem("eid.verdict") == "VALID" && (string?)span.GetTagItem("eid.outcome") == "OK");
        Assert.Contains(mine, span => span.DisplayName == "VerifyCode" && (string?)span.GetTagItem("eid.outcome") == "PURPOSE_NOT_GRANTED");
        Clean(issued, mine.SelectMany(span => span.TagObjects).Concat(mine.Select(span => KeyValuePair.Create("name", (object?)span.DisplayName))));
    }

    [Fact]
    public void A_collector_that_is_no_address_is_refused_at_start()
    {
        var folder = Directory.CreateTempSubdirectory("eid-telemetry-").FullName;
        DevCertificates.Create(folder, TimeProvider.System);

        var error = Assert.Throws<EidException>(() => EidServer.Build(server.Options() with { CertificatesDirectory = folder, DataDirectory = Path.Combine(folder, "data"), OtlpEndpoint = "nowhere" }));

        Assert.Contains(TelemetryWiring.EndpointVariable, error.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    // Nobody listens in most deployments. The limit is wide: other tests of this process may listen.
    [Fact]
    public void Without_a_listener_counting_costs_next_to_nothing()
    {
        var rule = MethodRule.Of("VerificationService", "VerifyCode");
        var each = BestOf.Nanoseconds(() =>
        {
            var watch = CallWatch.Begin(TimeProvider.System);
            watch.End(rule, null, null);
            EidMeters.CountVerdict("VerifyCode", "tax", ShantingEId.Verifying.Verdict.Valid, "");
        });

        TestContext.Current.SendDiagnosticMessage($"{each:F0} ns a call");
        Assert.True(each < 2_000, $"{each:F0} ns");
    }

    // Three hits (the last in the fast lane), a foreign code, a miss, and one refusal each of the method, of the framework and of the gate.
    private async Task Ask(IssuedSet issued)
    {
        var tax = server.Tax();
        for (var i = 0; i < 3; i++)
        {
            await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" });
        }

        await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = "HTTPS://EXAMPLE.COM/", Purpose = "TAX_REGISTRATION" });
        await tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = "TAX_REGISTRATION" });
        await Refusal.Of(tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "AUDIT" }));
        await RawCall.As(server, "tax-bureau").Post(RawCall.VerifyCode, RawCall.Frame([0xFF]));
        await RawCall.As(server, "tax-bureau").Post(RawCall.IssueSet, RawCall.Frame([]));
    }

    private static long Count(List<Metric> metrics, string name, params (string Key, string Value)[] tags) =>
        metrics.Where(metric => metric.Name == name).SelectMany(Points).Where(point => tags.All(tag => (string?)point.Tags.GetValueOrDefault(tag.Key) == tag.Value)).Sum(point => point.Count);

    private static List<(Dictionary<string, object?> Tags, long Count)> Points(Metric metric)
    {
        List<(Dictionary<string, object?>, long)> points = [];
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var tags = new Dictionary<string, object?>();
            foreach (var tag in point.Tags)
            {
                tags[tag.Key] = tag.Value;
            }

            points.Add((tags, metric.MetricType == MetricType.Histogram ? point.GetHistogramCount() : point.GetSumLong()));
        }

        return points;
    }

    private static void Clean(IssuedSet issued, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        var face = issued.License.Enterprise;
        string[] secrets = [face.CreditCode, face.Name, face.Representative, issued.License.LicenseId, issued.LicenseCode, issued.TypedCode];
        var text = string.Join('\n', tags.Select(tag => tag.Key + "=" + tag.Value));
        Assert.NotEmpty(text);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
    }
}
