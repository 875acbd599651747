using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Server.Callers;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Impediment = ShantingEId.V1.Deregistration.Types.Impediment;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment whose clock only the tests move, with a second company's app and a bank of another city.</summary>
public class DeregistrationFixture : ServerFixture
{
    /// <summary>From here on; a test that moves it moves it for all that follow. Adjusted and not advanced: timers of weeks would ring a million times.</summary>
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    protected override TimeProvider Clock => Time;

    // So long that a writer who waits for a replica in vain is out of time, and the test red.
    public override EidServerOptions Options() => base.Options() with { StateBound = TimeSpan.FromSeconds(30) };

    public DeregistrationService.DeregistrationServiceClient As(string caller) => new(Channel(caller));

    protected override void Prepare()
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        var callers = file["callers"]!.AsArray();
        var other = callers.Single(caller => (string?)caller!["name"] == "holder-app")!.DeepClone();
        other["name"] = "other-app";
        other["certificates"] = new JsonArray(Certificate("stranger").GetCertHashString(HashAlgorithmName.SHA256));
        callers.Add(other);
        callers.Single(caller => (string?)caller!["name"] == "bank")!["regions"] = new JsonArray("3701");
        File.WriteAllText(path, file.ToJsonString());
    }

    /// <summary>A fresh company with its licence.</summary>
    public async Task<IssuedSet> FoundAsync(Enterprise.Types.Kind kind = Enterprise.Types.Kind.Company)
    {
        var request = ValidRequest();
        if (kind == Enterprise.Types.Kind.IndividualBusiness)
        {
            (request.Enterprise.Kind, request.Enterprise.Name, request.Enterprise.Type, request.Enterprise.Capital) = (kind, "枣庄市山亭区样例小吃店", "个体工商户", "");
            request.Enterprise.CreditCode = SampleCompanies.IndividualCode(SampleCompanies.Next());
        }

        return await Staff().IssueSetAsync(request);
    }

    /// <summary>A valid application; change one thing to make it wrong.</summary>
    public static ApplyDeregistrationRequest Application(IssuedSet set, bool itself = false) => new()
    {
        RequestId = NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, ConfirmsItself = itself,
        Commitment = new Commitment { Digest = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)), Reference = "样例承诺书1号", Investors = 2 },
        DeclaredAbsent = { Enum.GetValues<Impediment>().Where(each => (int)each is >= 2 and <= 15) },
    };

    /// <summary>Moves the clock to the first instant after this day, in China.</summary>
    public void PassDay(Google.Type.Date day)
    {
        var end = new DateTimeOffset(day.Year, day.Month, day.Day, 0, 0, 0, TimeSpan.FromHours(8)).AddDays(1);
        if (end > Time.GetUtcNow())
        {
            Time.AdjustTime(end);
        }
    }

    /// <summary>Does what is due now, as the register does every minute.</summary>
    public Task<int> DoDueAsync() => Services.GetRequiredService<DueDeregistrations>().RunOnceAsync(CancellationToken.None);
}
