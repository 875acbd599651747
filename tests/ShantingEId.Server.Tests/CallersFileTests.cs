using System.Text.Json.Nodes;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Tests;

/// <summary>A mistake in who may call keeps the server from starting.</summary>
public sealed class CallersFileTests : BrokenDeployment
{
    // That name stands for the register itself in every log.
    [Fact]
    public void A_caller_may_not_bear_the_registers_own_name()
    {
        Edit(CallerDirectory.FileName, file => file["callers"]![0]!["name"] = "#clock");
        Refuses(ErrorReason.AccessDenied, "#", Options("Development"));
    }

    public static TheoryData<string, string> Mistakes() => new()
    {
        { "unknown method", "IssuanceService/Everything" }, { "method in other case", "verificationservice/verifycode" }, { "unknown purpose", "OTHER" }, { "unknown field", "owner_phone" },
        { "duplicate fingerprint", "tax-bureau" }, { "same fingerprint in other case", "tax-bureau" }, { "unmapped member", "admin" }, { "unmapped member of the file", "default_role" },
        { "short fingerprint", "staff" }, { "fingerprint with colons", "staff" }, { "no fingerprint", "staff" }, { "unknown role", "role" }, { "role by number", "role" }, { "missing member", "methods" },
        { "null list", "purposes" }, { "null file", CallerDirectory.FileName }, { "no JSON", CallerDirectory.FileName }, { "member twice", "staff" },
        { "quota of nothing", "staff" }, { "negative quota", "staff" }, { "unknown quota", "calls_per_hour" },
    };

    // A mistake in who may call must never read as "nobody asked for more": the whole file is refused, and the place is named.
    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_in_the_callers_file_is_refused_and_named(string mistake, string named)
    {
        var path = Path.Combine(Certs, CallerDirectory.FileName);
        Edit(CallerDirectory.FileName, file =>
        {
            var (staff, tax) = (file["callers"]![0]!, file["callers"]![1]!);
            var fingerprint = (string)staff["certificates"]![0]!;
            switch (mistake)
            {
                case "unknown method" or "method in other case": staff["methods"]!.AsArray().Add(named); break;
                case "unknown purpose": staff["purposes"]!.AsArray().Add(named); break;
                case "unknown field": file["purposes"]!["AUDIT"]!["fields"]!.AsArray().Add(named); break;
                case "duplicate fingerprint": tax["certificates"]!.AsArray().Add(fingerprint); break;
                case "same fingerprint in other case": tax["certificates"]!.AsArray().Add(fingerprint.ToLowerInvariant()); break;
                case "unmapped member": staff[named] = true; break;
                case "unmapped member of the file": file[named] = "STAFF"; break;
                case "short fingerprint": staff["certificates"] = new JsonArray(fingerprint[..40]); break;
                case "fingerprint with colons": staff["certificates"] = new JsonArray(string.Join(':', fingerprint.Chunk(2).Select(pair => new string(pair)))); break;
                case "no fingerprint": staff["certificates"] = new JsonArray(); break;
                case "unknown role": staff["role"] = "ROOT"; break;
                case "role by number": staff["role"] = 0; break;
                case "missing member": staff.AsObject().Remove("methods"); break;
                case "quota of nothing": staff["quota"] = new JsonObject { ["misses_per_minute"] = 0 }; break;
                case "negative quota": staff["quota"] = new JsonObject { ["burst"] = -1 }; break;
                case "unknown quota": staff["quota"] = new JsonObject { [named] = 1 }; break;
                case "null list": staff["purposes"] = null; break;
            }
        });
        switch (mistake)
        {
            case "null file": File.WriteAllText(path, "null"); break;
            case "no JSON": File.WriteAllText(path, "{"); break;
            case "member twice": File.WriteAllText(path, File.ReadAllText(path).Replace("\"name\":\"staff\"", "\"name\":\"staff\",\"name\":\"bank\"", StringComparison.Ordinal)); break;
        }

        var error = Assert.Throws<EidException>(() => EidServer.Build(Options("Development")));

        Assert.Equal(ErrorReason.AccessDenied, error.Reason);
        Assert.Contains(named == "staff" && mistake == "member twice" ? "name" : named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_callers_file_is_refused()
    {
        File.Delete(Path.Combine(Certs, CallerDirectory.FileName));

        Refuses(ErrorReason.AccessDenied, CallerDirectory.FileName);
    }
}
