using System.Diagnostics;
using System.Text.Json.Nodes;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using static ShantingEId.V1.Verification.Types;

namespace ShantingEId.Reliability.Tests;

/// <summary>Two replicas; the second keeps next to nothing in memory, so that it asks Redis for nearly everything.</summary>
public sealed class PoisonCluster() : SharedCluster(2, (number, settings) => number == 1 ? settings with { CacheEntries = 1 } : settings);

/// <summary>
/// I26: what stands in Redis is never believed for its own sake. EID_POISON_STEP plants a flip in each so-many-th byte (8); 1 is all of them:
/// <c>EID_POISON_STEP=1 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.RedisPoisonTests</c>
/// </summary>
public sealed class RedisPoisonTests(PoisonCluster shared) : IClassFixture<PoisonCluster>
{
    // More than the second replica can remember: asked in turn, none of them is in its memory.
    private const int Sets = 8;
    private const string RefusedLine = "that this deployment did not write";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task No_flipped_byte_brings_a_revoked_licence_back()
    {
        var cluster = await shared.GetAsync();
        var victims = await VictimsAsync(cluster, revoked: true);
        var refusedBefore = cluster[1].LogLines(RefusedLine);
        var (planted, wrong) = (0, new List<string>());
        using var wire = await cluster.Redis.ConnectAsync();
        var step = Figures.Count("EID_POISON_STEP", 8);
        // State 2 (revoked) and 1 (in force) differ in both of these bits; the whole sweep goes over every byte.
        for (var at = 0; at < victims.Max(victim => victim.Good.Length); at += step * Sets)
        {
            foreach (var (victim, number) in victims.Select((victim, number) => (victim, number)))
            {
                var poison = victim.Good.ToArray();
                poison[Math.Min(at + (number * step), poison.Length - 1)] ^= 3;
                await PlantAsync(wire, victim, poison);
                planted++;
            }

            foreach (var victim in victims)
            {
                Note(wrong, victim, await cluster[1].Client.AskAsync(victim.Question), Verdict.Revoked);
            }

            await SettledAsync(wire, victims);
        }

        var refused = await RefusedAsync(cluster, refusedBefore, planted);
        Figures.Print("poison_flipped", planted, "entries", "> 0");
        Figures.Print("poison_flipped_used", wrong.Count, "entries", "<= 0");
        Figures.Print("poison_flipped_refused", refused, "entries", $"== {planted}");
        Assert.Empty(wrong);
        Assert.Equal(planted, refused);
    }

    [Fact]
    public async Task An_entry_copied_to_the_key_of_another_is_not_taken_for_it()
    {
        var cluster = await shared.GetAsync();
        var (revoked, valid) = (await VictimsAsync(cluster, revoked: true), await VictimsAsync(cluster, revoked: false));
        await ExpectAsync(cluster, "copied", revoked, Verdict.Revoked, number => valid[number].Good, logged: true);
    }

    [Fact]
    public async Task An_entry_of_another_deployment_is_not_taken()
    {
        var cluster = await shared.GetAsync();
        var victims = await VictimsAsync(cluster, revoked: false);

        // 1. The same register and secrets under another deployment's name: its entries differ in nothing but the name.
        var certificates = cluster.Folders.Other("other-environment");
        Directory.CreateDirectory(certificates);
        foreach (var file in Directory.GetFiles(cluster.Folders.Certificates))
        {
            File.Copy(file, Path.Combine(certificates, Path.GetFileName(file)), overwrite: true);
        }

        var description = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(certificates, "authority.json")))!;
        description["environment"] = "elsewhere";
        await File.WriteAllTextAsync(Path.Combine(certificates, "authority.json"), description.ToJsonString());
        using var wire = await cluster.Redis.ConnectAsync();
        var data = Directory.CreateDirectory(cluster.Folders.Other("other-data")).FullName;
        await using (var server = await ServerProcess.StartAsync(cluster[0].Settings with { Certificates = certificates, Data = data }))
        {
            using var client = new EidClient(server, cluster.Folders);
            foreach (var victim in victims)
            {
                await client.AskAsync(victim.Question); // Its verdict is "not of this deployment"; its entry stands in Redis.
                await client.LookupAsync(victim.Set.License.Enterprise.CreditCode);
            }

            await UntilAsync(async () => (await wire.KeysAsync("eid:elsewhere:*")).Count >= Sets);
        }

        // 2. Its entries are brought here.
        var foreign = new List<byte[]>();
        foreach (var victim in victims)
        {
            var key = victim.Key.Replace("eid:development:", "eid:elsewhere:", StringComparison.Ordinal);
            foreign.Add((await wire.SendAsync("GET", key)).Bytes ?? throw new InvalidOperationException($"no entry under {key}"));
        }

        await ExpectAsync(cluster, "foreign", victims, Verdict.Valid, number => foreign[number], logged: true);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_older_entry_played_back_is_too_old(bool afterRestart)
    {
        var cluster = await shared.GetAsync();
        var victims = await VictimsAsync(cluster, revoked: false);
        foreach (var victim in victims)
        {
            await cluster[0].Client.Staff.RevokeSetAsync(Samples.Revoke(victim.Set.Name), deadline: EidClient.In(20));
        }

        if (afterRestart)
        {
            // It did not live through the changes; it must learn of them.
            await cluster[1].RestartAsync();
        }

        // They are our own writing and were true once.
        await ExpectAsync(cluster, afterRestart ? "replayed_restart" : "replayed", victims, Verdict.Revoked, number => victims[number].Good, logged: false);
    }

    [Fact]
    public async Task Lists_and_hashes_and_monstrous_values_under_its_keys_are_passed_over()
    {
        var cluster = await shared.GetAsync();
        var victims = await VictimsAsync(cluster, revoked: true);
        var monster = new byte[10_000_000];
        RedisArgument[][] plants = [["RPUSH", "", "x"], ["HSET", "", "field", "x"], ["SADD", "", "x"], ["ZADD", "", 1, "x"], ["SET", "", monster], ["SET", "", Array.Empty<byte>()], ["SET", "", new byte[32]], ["XADD", "", "*", "f", "v"]];
        using var wire = await cluster.Redis.ConnectAsync();
        var (wrong, slowest) = (new List<string>(), TimeSpan.Zero);
        for (var round = 0; round < plants.Length; round++)
        {
            foreach (var (victim, number) in victims.Select((victim, number) => (victim, number)))
            {
                RedisArgument[] plant = [.. plants[(number + round) % plants.Length]];
                plant[1] = victim.Key;
                await wire.SendAsync("DEL", victim.Key);
                await wire.SendAsync(plant);
            }

            foreach (var victim in victims)
            {
                var watch = Stopwatch.StartNew();
                Note(wrong, victim, await cluster[1].Client.AskAsync(victim.Question), Verdict.Revoked);
                slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
            }
        }

        Figures.Print("poison_wrong_type_used", wrong.Count, "entries", "<= 0");
        Figures.Print("poison_wrong_type_slowest", slowest.TotalMilliseconds, "ms", "<= 1000");
        Assert.Empty(wrong);
        Assert.True(slowest < TimeSpan.FromSeconds(1), $"an answer took {slowest}");
    }

    [Fact]
    public async Task A_good_entry_is_used_or_the_tests_above_show_nothing()
    {
        var cluster = await shared.GetAsync();
        var victims = await VictimsAsync(cluster, revoked: false);
        using var wire = await cluster.Redis.ConnectAsync();
        var before = await HitsAsync(wire);
        foreach (var victim in victims)
        {
            Assert.Equal(Verdict.Valid, (await cluster[1].Client.AskAsync(victim.Question)).Verdict);
        }

        Assert.True(await HitsAsync(wire) >= before + Sets, "the replica did not ask Redis");
        // And what it finds there is answered: the register is not asked for these again.
        cluster[1].ToPostgres!.Freeze();
        var answered = 0;
        foreach (var victim in victims.Take(4))
        {
            answered += (await Observers.AskAsync(1, () => cluster[1].Client.AskAsync(victim.Question))).IsValid ? 1 : 0;
        }

        cluster[1].ToPostgres!.Pass();
        Assert.True(answered >= 2, $"{answered} of 4 answered from Redis alone");
        await UntilAsync(async () => (await Observers.AskAsync(1, () => cluster[1].Client.AskAsync(victims[0].Question))).IsValid);
    }

    private static async Task<long> HitsAsync(RedisWire wire)
    {
        var line = (await wire.SendAsync("INFO", "stats")).Text!.Split("\r\n").Single(line => line.StartsWith("keyspace_hits:", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task ExpectAsync(Cluster cluster, string kind, List<Victim> victims, Verdict expected, Func<int, byte[]> poison, bool logged)
    {
        using var wire = await cluster.Redis.ConnectAsync();
        var refusedBefore = cluster[1].LogLines(RefusedLine);
        for (var number = 0; number < victims.Count; number++)
        {
            await PlantAsync(wire, victims[number], poison(number));
        }

        var wrong = new List<string>();
        foreach (var victim in victims)
        {
            Note(wrong, victim, await cluster[1].Client.AskAsync(victim.Question), expected);
        }

        Figures.Print($"poison_{kind}_used", wrong.Count, "entries", "<= 0");
        Assert.Empty(wrong);
        var expectedLines = logged ? victims.Count : 0;
        Assert.Equal(expectedLines, await RefusedAsync(cluster, refusedBefore, expectedLines));
    }

    // The log is written behind the answers.
    private static async Task<int> RefusedAsync(Cluster cluster, int before, int expected)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience && cluster[1].LogLines(RefusedLine) - before < expected;)
        {
            await Task.Delay(10);
        }

        return cluster[1].LogLines(RefusedLine) - before;
    }

    // Sets with their entries in Redis, put there by the first replica.
    private static async Task<List<Victim>> VictimsAsync(Cluster cluster, bool revoked)
    {
        using var wire = await cluster.Redis.ConnectAsync();
        await cluster.Redis.FlushAsync();
        var victims = new List<Victim>();
        for (var i = 0; i < Sets; i++)
        {
            var set = await cluster.IssueAsync();
            if (revoked)
            {
                await cluster[0].Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name), deadline: EidClient.In(20));
            }

            // By code and by typed code, which are different keys.
            var (question, key) = i % 2 == 0
                ? (set.LicenseCode, "eid:development:m:" + Convert.ToHexStringLower(set.ManifestDigest.Span))
                : (set.TypedCode, "eid:development:t:" + set.TypedCode.Replace("-", "", StringComparison.Ordinal));
            byte[]? good = null;
            await UntilAsync(async () =>
            {
                Assert.Equal(revoked ? Verdict.Revoked : Verdict.Valid, (await cluster[1].Client.AskPatientlyAsync(question)).Verdict);
                good = (await wire.SendAsync("GET", key)).Bytes;
                return good is not null;
            });
            victims.Add(new Victim(set, question, key, good!));
        }

        return victims;
    }

    private static async Task PlantAsync(RedisWire wire, Victim victim, byte[] poison)
    {
        Assert.Equal("OK", (await wire.SendAsync("SET", victim.Key, poison)).Text);
        victim.Planted = poison;
    }

    // The replica writes back what it read from the register; the next poison must not be overwritten by that.
    private static Task SettledAsync(RedisWire wire, List<Victim> victims) => UntilAsync(async () =>
    {
        foreach (var victim in victims)
        {
            if ((await wire.SendAsync("GET", victim.Key)).Bytes is { } now && now.AsSpan().SequenceEqual(victim.Planted))
            {
                return false;
            }
        }

        return true;
    });

    private static void Note(List<string> wrong, Victim victim, Verification answer, Verdict expected)
    {
        if (answer.Verdict != expected || answer.License?.LicenseId != victim.Set.License.LicenseId || answer.License.Enterprise.CreditCode != victim.Set.License.Enterprise.CreditCode)
        {
            wrong.Add($"{victim.Key}: {answer.Verdict} {answer.Reason} for {answer.License?.LicenseId}");
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var watch = Stopwatch.StartNew(); !await holds(); await Task.Delay(5))
        {
            Assert.True(watch.Elapsed < Patience, "it did not come to that");
        }
    }

    private sealed record Victim(IssuedSet Set, string Question, string Key, byte[] Good)
    {
        public byte[] Planted { get; set; } = [];
    }
}
