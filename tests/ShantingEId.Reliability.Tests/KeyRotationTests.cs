using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.Server;
using ShantingEId.StatusLists;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I37: the keys that sign manifests, codes, receipts, states and live codes are exchanged while clients go on, as docs/upgrading.md says: first every replica learns the
/// next certificates, then one after the other signs with the next keys. Nobody hears anything but UNAVAILABLE of the one that leaves, and what any key signed stays
/// good; who has a root, and nothing else, reads lists and packs of every key. EID_ROTATIONS counts the rotations (1). A campaign:
/// <c>EID_ROTATIONS=10 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.KeyRotationTests</c>
/// </summary>
public sealed class KeyRotationTests
{
    private static readonly string[] Names = ["manifest-signer", "code-signer", "receipt-signer", "status-signer", "live-signer"];

    [Fact]
    public async Task Keys_are_exchanged_under_load_and_nobody_notices()
    {
        Cluster.RequirePostgres();
        var rotations = Figures.Count("EID_ROTATIONS", 1);
        using var folders = new Folders();
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabaseAsync();
        await using var redis = await RedisServer.StartAsync();
        var settings = Enumerable.Range(0, 2).Select(number => new ReplicaSettings(folders.Certificates, Directory.CreateDirectory(folders.Other($"replica{number}")).FullName)
        {
            Postgres = postgres.ConnectionString(0, database), Redis = redis.Address, Journal = folders.Other("journal"), PublicPort = FreePort(),
        }).ToArray();
        Place[] places = [new(), new()];
        var servers = new ServerProcess[2];
        var clients = new List<EidClient>();
        var slowestStop = 0.0;
        var root = Certificate("root");
        using var browser = new HttpClient();
        try
        {
            // 1. Two replicas under load, and a company of before.
            await StartAsync(0);
            await StartAsync(1);
            List<IssuedSet> kept = [await IssueAsync()];
            var session = await OpenSessionAsync(kept[0]);
            await RequireReadAsync(Certificate("status-signer"), kept, before: null);
            using var acks = new AckLog(folders.Other("acks"));
            using var windowAcks = new AckLog(folders.Other("window-acks"));
            var load = UpgradeLoad.Start(places, acks, windowAcks);

            // 2. Rotations, in two steps each.
            for (var rotation = 0; rotation < rotations; rotation++)
            {
                var next = Names.ToDictionary(name => name, name => DevCertificates.MakeNext(folders.Certificates, name, TimeProvider.System));
                await ExchangeAsync(0);
                await ExchangeAsync(1);
                var before = await RequireReadAsync(Certificate("status-signer"), kept, before: null);
                foreach (var (name, made) in next)
                {
                    File.Copy(At(made + ".crt"), At(name + ".crt"), overwrite: true);
                    File.Move(At(made + ".key.sealed"), At(name + ".key.sealed"), overwrite: true);
                }

                await ExchangeAsync(0);
                kept.Add(await IssueAsync());
                await ExchangeAsync(1);
                await RequireReadAsync(Certificate(next["status-signer"]), kept, before);
                await RequireShownAsync(session);
            }

            await load.StopAsync();

            // 3. Nobody heard anything; each key signed, and what it signed is good at both.
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join("  ", load.Heard.Select(each => $"{each.Key} {each.Value}").Order()));
            Figures.Print("rotation_rotations", rotations, "rotations", ">= 1");
            Figures.Print("rotation_stop_max", slowestStop, "s", "<= 8"); // What is not answered by then is cut off.
            Figures.Print("rotation_failed_calls", load.Problems.Count + load.CutOff, "calls", "<= 0");
            Assert.True(load.Problems.IsEmpty, string.Join('\n', load.Problems.GroupBy(text => text).Select(group => $"{group.Count()} x {group.Key}").Take(20)));
            Figures.Print("rotation_crossed_calls", load.Crossed, "calls", ">= 0");
            Assert.Equal(0, load.CutOff);
            Assert.InRange(load.Crossed, 0, 4 * rotations); // Not one for each exchange.
            Assert.Equal(rotations + 1, kept.Select(set => SignerOf(set)).Distinct().Count());
            foreach (var (set, place) in kept.SelectMany(set => places.Select(place => (set, place))))
            {
                Assert.Equal(Verdict.Valid, (await place.Client.AskAsync(set.LicenseCode)).Verdict);
                Assert.Equal(Verdict.Valid, (await place.Client.LookupAsync(set.License.Enterprise.CreditCode)).Verdict);
            }

            var told = AckLog.Read(folders.Other("acks"));
            Assert.True(told.Count > 50, "the load was too small to mean anything");
            Assert.Empty(RegisterAudit.CheckAll(postgres.Connect(database), told));
            var (code, output) = await Programs.RunAsync(new Dictionary<string, string> { ["EID_POSTGRES"] = settings[0].Postgres! },
                ["dotnet", Programs.Eid, "fsck", "--certs", folders.Certificates, "--data", settings[0].Data, "--journal", settings[0].Journal!, "--ledger", Path.Combine(settings[1].Data, "ledger")]);
            Assert.True(code == 0, output);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
            foreach (var server in servers.Where(server => server is not null))
            {
                await server.DisposeAsync();
            }
        }

        // What anybody fetches who has the root: both replicas' packs, signed by this key, judge every code of ours; lists are read with the certificates of the
        // pack, and with those of the pack from before the keys were exchanged.
        async Task<StatusPack> RequireReadAsync(Sm2Certificate signer, List<IssuedSet> sets, StatusPack? before)
        {
            StatusPack? pack = null;
            foreach (var replica in settings)
            {
                var bytes = await FetchAsync(replica, "pack/latest");
                for (var attempt = 0; SignerOfPack(bytes) != signer.PublicKey.KeyId && attempt < 50; attempt++)
                {
                    await Task.Delay(200); // The one of before is a second old at most.
                    bytes = await FetchAsync(replica, "pack/latest");
                }

                Assert.Equal(signer.PublicKey.KeyId, SignerOfPack(bytes));
                pack = StatusPack.Open(bytes, [root]);
                var (keys, lists) = (pack.CodeKeys([root]), new Dictionary<int, byte[]>());
                foreach (var set in sets)
                {
                    Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(set.LicenseCode, pack.CodePrefix, out var code));
                    Assert.NotNull(keys.Find(code!.KeyId));
                    var place = LicenseCode.Read(code)!.Status;
                    var list = lists.TryGetValue(place.List, out var fetched) ? fetched : lists[place.List] = await FetchAsync(replica, $"status/{place.List}");
                    foreach (var known in (StatusPack[])[pack, before ?? pack])
                    {
                        Assert.Equal((int)LicenseStatus.Valid, StatusToken.Open(list, StatusReference.AddressOf(pack.CodePrefix, place.List), [root, .. known.Certificates]).List[place.Index]);
                    }
                }
            }

            return pack!;
        }

        // Shown at one replica and scanned at the other, which both have the same key again.
        async Task RequireShownAsync(HolderSession session)
        {
            var shown = await places[0].Client.Holder.CreatePresentationAsync(new CreatePresentationRequest
            {
                RequestId = Guid.NewGuid().ToString(), Secret = session.Secret, PurposeText = "样例：办理税务登记", Scope = new FieldMask { Paths = { "credit_code", "name" } },
            }, deadline: EidClient.In(20));
            Assert.Equal(Verdict.Valid, (await places[1].Client.AskAsync(shown.Code)).Verdict);
        }

        async Task<HolderSession> OpenSessionAsync(IssuedSet set)
        {
            await places[0].Client.Seals.GrantSealUseAsync(new GrantSealUseRequest
            {
                RequestId = Guid.NewGuid().ToString(), CreditCode = set.License.Enterprise.CreditCode, Caller = "holder-app", Seals = { Seal.Types.Kind.Official }, Uses = { "CONTRACT" },
                Reference = "示例授权书〔2026〕1号", UntilTime = TimeProvider.System.GetUtcNow().AddDays(30).ToTimestamp(),
            }, deadline: EidClient.In(20));
            return await places[0].Client.Holder.OpenSessionAsync(new OpenSessionRequest { RequestId = Guid.NewGuid().ToString(), CreditCode = set.License.Enterprise.CreditCode, Device = "样例手机" }, deadline: EidClient.In(20));
        }

        async Task<byte[]> FetchAsync(ReplicaSettings replica, string path) => await browser.GetByteArrayAsync(new Uri($"http://127.0.0.1:{replica.PublicPort}/{path}"));

        Sm2Certificate Certificate(string name) => Sm2Certificate.FromPem(File.ReadAllText(At(name + ".crt")))[0];

        string At(string file) => Path.Combine(folders.Certificates, file);

        // As it is handed to the company, with the certificates of the keys that sign at this time.
        async Task<IssuedSet> IssueAsync()
        {
            var name = (await places[0].Client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()), deadline: EidClient.In(20))).Name;
            return await places[0].Client.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = name, View = GetIssuedSetRequest.Types.View.Full }, deadline: EidClient.In(20));
        }

        async Task StartAsync(int place)
        {
            servers[place] = await ServerProcess.StartAsync(settings[place]);
            var client = new EidClient(servers[place], folders);
            clients.Add(client);
            await client.WaitUntilItAnswersAsync();
            places[place].Client = client;
        }

        async Task ExchangeAsync(int place)
        {
            places[place].IsLeaving = true;
            var (took, code) = await servers[place].TerminateAsync();
            Assert.Equal(0, code);
            slowestStop = Math.Max(slowestStop, took.TotalSeconds);
            await servers[place].DisposeAsync();
            await StartAsync(place);
            places[place].IsLeaving = false;
        }
    }

    private static KeyId? SignerOfPack(byte[] pack) => Envelope.TryParse(pack, out var envelope) ? envelope.KeyId : null;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // Second of the authority's certificates in an answer: that of the key which signed the code.
    private static string SignerOf(IssuedSet set) => Convert.ToHexString(set.AuthorityCertificates[1].Span);
}
