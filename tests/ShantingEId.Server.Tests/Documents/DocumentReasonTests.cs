using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using ShantingEId.Server.Tests.Stamping;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using IssuedSet = ShantingEId.V1.IssuedSet;
using Kind = ShantingEId.V1.Seal.Types.Kind;

namespace ShantingEId.Server.Tests.Documents;

/// <summary>
/// Every reason that the methods of DocumentService and SealService give, provoked over gRPC and over JSON by the same message: the same reason,
/// the same words, the status that belongs to it.
/// </summary>
public sealed class DocumentReasonTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    // Reasons of these parts of the list that none of these methods can give here, and who provokes them.
    private static readonly Dictionary<ErrorReason, string> Elsewhere = new()
    {
        [ErrorReason.TrustListInvalid] = "ConfigurationTests", // At the start.
        [ErrorReason.RevocationListInvalid] = "RevocationListTests", // Of the command line; a service leaves such a file alone.
        [ErrorReason.StatusInvalid] = "StatusPackTests",
        [ErrorReason.TimeStampInvalid] = "StampTimeTests",
        [ErrorReason.TimeStampUnavailable] = "StampTimeTests",
    };

    [Fact]
    public async Task Every_reason_is_given_over_grpc_and_over_json()
    {
        var rows = Rows(await WorldAsync());
        var wrong = new List<string>();
        foreach (var (reason, caller, method, request, json) in rows)
        {
            // 1. gRPC.
            var raw = server.Channel(caller).CreateCallInvoker().AsyncUnaryCall(
                new Method<IMessage, byte[]>(MethodType.Unary, method.Service.FullName, method.Name, Marshallers.Create<IMessage>(each => each.ToByteArray(), _ => throw new NotSupportedException()), Marshallers.Create<byte[]>(each => each, each => each)),
                null, new CallOptions(), request);
            var refusal = await Refusal.Of(raw);

            // 2. JSON.
            var answer = await JsonCall.As(server, caller).Ask(method, request);
            if ((refusal.Reason, answer.Reason) != (reason.WireName(), json.WireName()) || refusal.Status != StatusOf(reason) || (int)answer.Http != HttpOf(refusal.Status))
            {
                wrong.Add($"{method.Name} {reason.WireName()}: {refusal.Status} {refusal.Reason}, {(int)answer.Http} {answer.Reason} {refusal.Message}");
            }

            Assert.Contains(refusal.Message, c => c is >= '一' and <= '龥');
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));

        // 3. Every reason of these parts of the list is in the table, and every method.
        var all = Enum.GetValues<ErrorReason>();
        var ours = all.Where(reason => reason is (>= ErrorReason.SealUseUnknown and <= ErrorReason.StampPlaceInvalid) or (>= ErrorReason.ContainerLimits and <= ErrorReason.ReceiverUnknown)).Except(Elsewhere.Keys);
        Assert.Empty(ours.Except(rows.Select(row => row.Reason)));
        Assert.Empty(DocumentService.Descriptor.Methods.Concat(SealService.Descriptor.Methods).Select(method => method.Name).Except(rows.Select(row => row.Method.Name)));
    }

    private static StatusCode StatusOf(ErrorReason reason) => reason switch
    {
        ErrorReason.AccessDenied or ErrorReason.PurposeNotGranted or ErrorReason.SealUseNotGranted => StatusCode.PermissionDenied,
        ErrorReason.LicenseNotFound or ErrorReason.CopyNotFound or ErrorReason.SealGrantNotFound => StatusCode.NotFound,
        ErrorReason.LicenseNotInForce or ErrorReason.HolderNotInForce or ErrorReason.AlreadyDownloaded or ErrorReason.CopyExpired or ErrorReason.RequestIdReused or ErrorReason.SealNotInForce
            or ErrorReason.NothingChanged => StatusCode.FailedPrecondition,
        _ => StatusCode.InvalidArgument,
    };

    private static int HttpOf(StatusCode status) => status switch
    {
        StatusCode.PermissionDenied => 403,
        StatusCode.NotFound => 404,
        _ => 400, // google.rpc.Code: FAILED_PRECONDITION and INVALID_ARGUMENT alike.
    };

    private async Task<World> WorldAsync()
    {
        var seals = new SealClient(server);
        var documents = new DocumentService.DocumentServiceClient(server.Channel("holder-app"));
        var bank = new DocumentService.DocumentServiceClient(server.Channel("bank"));
        var (set, revoked) = (await seals.GrantedAsync(), await seals.GrantedAsync());
        var trade = await new TradeService.TradeServiceClient(server.Channel("staff")).IssueTradeLicenseAsync(new IssueTradeLicenseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = revoked.License.Enterprise.CreditCode, Trade = "CONVENIENCE_STORE",
            Permits = { new PermitGrant { Code = "FOOD_BUSINESS", Number = "JY1" + revoked.License.Enterprise.CreditCode[8..] } },
        });
        var copies = new List<LicenseCopy>();
        foreach (var each in (IssuedSet[])[set, set, revoked])
        {
            copies.Add(await documents.CreateLicenseCopyAsync(Copy(each)));
        }

        await bank.DownloadLicenseCopyAsync(Fetch(copies[0].DownloadId));
        using (var register = server.OpenRegister())
        {
            Assert.Equal(1, register.Execute("UPDATE license_copy SET created_time = created_time - 86400001, expire_time = expire_time - 86400001 WHERE number = @it", ("@it", copies[1].Name.Split('/')[1])));
        }

        await seals.Life.DoAsync("Revoke", revoked);
        var withdrawn = await seals.Desk.GrantSealUseAsync(SealClient.Grant(set));
        await seals.Desk.WithdrawSealUseAsync(Withdraw(withdrawn.Name));
        var stamped = SealClient.OfDocument(set, SampleDocument.Create());
        await seals.App.StampAsync(stamped);
        var copied = Copy(set);
        await documents.CreateLicenseCopyAsync(copied);
        return new World(set, revoked, trade, [.. copies], withdrawn, stamped, copied);
    }

    private static List<Row> Rows(World world)
    {
        var rows = new List<Row>();
        var (set, ofd) = (world.Set, SampleDocument.Create());
        var nobody = SampleCompanies.CreditCode(SampleCompanies.Next());
        IssuedSet Unknown() => new(set) { License = new V1.License(set.License) { Enterprise = new Enterprise(set.License.Enterprise) { CreditCode = nobody } } };
        void Documents(string method, string caller, ErrorReason reason, IMessage request, ErrorReason? json = null) => rows.Add(new Row(reason, caller, DocumentService.Descriptor.FindMethodByName(method), request, json ?? reason));
        void Seals(string method, string caller, ErrorReason reason, IMessage request) => rows.Add(new Row(reason, caller, SealService.Descriptor.FindMethodByName(method), request, reason));

        // GetLicenseDocument
        const string get = "GetLicenseDocument";
        Documents(get, "bank", ErrorReason.AccessDenied, new GetLicenseDocumentRequest { Name = set.Name });
        Documents(get, "staff", ErrorReason.LicenseIdInvalid, new GetLicenseDocumentRequest { Name = "issuedSets/1.2.3" });
        Documents(get, "staff", ErrorReason.LicenseNotFound, new GetLicenseDocumentRequest { Name = "issuedSets/" + nobody });
        Documents(get, "staff", ErrorReason.EnumInvalid, new GetLicenseDocumentRequest { Name = set.Name, Format = (GetLicenseDocumentRequest.Types.Format)9 }, ErrorReason.MalformedRequest); // JSON knows the values by their names; another is no message.
        Documents(get, "staff", ErrorReason.LicenseNotInForce, new GetLicenseDocumentRequest { Name = world.Revoked.Name });
        Documents(get, "staff", ErrorReason.HolderNotInForce, new GetLicenseDocumentRequest { Name = world.Trade.Name });

        // CreateLicenseCopy
        void Create(ErrorReason reason, Action<CreateLicenseCopyRequest> change, IssuedSet? of = null, string caller = "holder-app")
        {
            var request = Copy(of ?? set);
            change(request);
            Documents("CreateLicenseCopy", caller, reason, request);
        }

        Create(ErrorReason.AccessDenied, _ => { }, caller: "bank");
        Create(ErrorReason.RequestIdInvalid, each => each.RequestId = "short");
        Create(ErrorReason.RequestIdReused, each => (each.RequestId, each.PurposeText) = (world.Copied.RequestId, "另一用途（样例）"));
        Create(ErrorReason.TextInvalid, each => each.PurposeText = "");
        Create(ErrorReason.CopyExpiryInvalid, each => each.ExpireTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddMinutes(1)));
        Create(ErrorReason.ReceiverUnknown, each => each.Receiver = "nobody");
        Create(ErrorReason.LicenseNotFound, each => each.Name = "issuedSets/" + nobody);
        Create(ErrorReason.LicenseNotInForce, _ => { }, world.Revoked);

        // ListLicenseCopies
        const string list = "ListLicenseCopies";
        Documents(list, "staff", ErrorReason.UsccInvalid, new ListLicenseCopiesRequest { CreditCode = "91370406MA" });
        Documents(list, "staff", ErrorReason.PageSizeInvalid, new ListLicenseCopiesRequest { CreditCode = nobody, PageSize = -1 });
        Documents(list, "staff", ErrorReason.PageTokenInvalid, new ListLicenseCopiesRequest { CreditCode = nobody, PageToken = "x" });
        Documents(list, "bank", ErrorReason.AccessDenied, new ListLicenseCopiesRequest { CreditCode = nobody });

        // DownloadLicenseCopy
        const string download = "DownloadLicenseCopy";
        Documents(download, "bank", ErrorReason.CopyNotFound, Fetch("unknown"));
        Documents(download, "bank", ErrorReason.AlreadyDownloaded, Fetch(world.Copies[0].DownloadId));
        Documents(download, "bank", ErrorReason.CopyExpired, Fetch(world.Copies[1].DownloadId));
        Documents(download, "bank", ErrorReason.LicenseNotInForce, Fetch(world.Copies[2].DownloadId));
        Documents(download, "bank", ErrorReason.PurposeRequired, Fetch(world.Copies[0].DownloadId, ""));
        Documents(download, "bank", ErrorReason.PurposeNotGranted, Fetch(world.Copies[0].DownloadId, "TAX_REGISTRATION"));
        Documents(download, "staff", ErrorReason.AccessDenied, Fetch("unknown"));

        // VerifyDocument, VerifyStamp: a document that is wrong is an answer; refused is what is not looked at.
        void Verify(ErrorReason reason, byte[] document, string purpose = "ACCOUNT_OPENING", string caller = "bank") =>
            Documents("VerifyDocument", caller, reason, new VerifyDocumentRequest { Document = ByteString.CopyFrom(document), Purpose = purpose });
        Verify(ErrorReason.ContainerLimits, []);
        Verify(ErrorReason.ContainerUnsafe, "PK, and nothing more"u8.ToArray());
        Verify(ErrorReason.XmlUnsafe, WithEntity(ofd));
        Verify(ErrorReason.PurposeRequired, ofd, "");
        Verify(ErrorReason.PurposeNotGranted, ofd, "AUDIT");
        Verify(ErrorReason.AccessDenied, ofd, caller: "holder-app");
        VerifyStampRequest Stamp(int bytes, int digest) => new() { Signature = ByteString.CopyFrom(new byte[bytes]), TextDigest = ByteString.CopyFrom(new byte[digest]), Purpose = "ACCOUNT_OPENING" };
        Documents("VerifyStamp", "bank", ErrorReason.ContainerLimits, Stamp(0, 32));
        Documents("VerifyStamp", "bank", ErrorReason.DocumentInvalid, Stamp(1, 31));
        Documents("VerifyStamp", "bank", ErrorReason.PurposeRequired, new VerifyStampRequest(Stamp(1, 32)) { Purpose = "" });

        // GrantSealUse, WithdrawSealUse
        void Grant(ErrorReason reason, Action<GrantSealUseRequest> change, string caller = "staff")
        {
            var request = SealClient.Grant(set);
            change(request);
            Seals("GrantSealUse", caller, reason, request);
        }

        Grant(ErrorReason.AccessDenied, _ => { }, "holder-app");
        Grant(ErrorReason.UsccInvalid, each => each.CreditCode = "91370406MA");
        Grant(ErrorReason.TextInvalid, each => each.Reference = "");
        Grant(ErrorReason.EnumInvalid, each => each.Seals.Clear());
        Grant(ErrorReason.SealUseUnknown, each => each.Uses[0] = "HOLIDAY");
        Grant(ErrorReason.SealUseNotAllowed, each => { each.Seals.Clear(); each.Seals.Add(Kind.Invoice); });
        Grant(ErrorReason.DateOrder, each => each.UntilTime = null);
        Grant(ErrorReason.LicenseNotFound, each => each.CreditCode = nobody);
        Seals("WithdrawSealUse", "staff", ErrorReason.SealGrantNotFound, Withdraw("sealUseGrants/999999"));
        Seals("WithdrawSealUse", "staff", ErrorReason.NothingChanged, Withdraw(world.Withdrawn.Name));
        Seals("WithdrawSealUse", "staff", ErrorReason.TextInvalid, new WithdrawSealUseRequest(Withdraw(world.Withdrawn.Name)) { Reason = "" });

        // Stamp
        void Use(ErrorReason reason, Action<StampRequest> change, IssuedSet? of = null, string caller = "holder-app")
        {
            var request = SealClient.OfDocument(of ?? set, ofd);
            change(request);
            Seals("Stamp", caller, reason, request);
        }

        Use(ErrorReason.AccessDenied, _ => { }, caller: "bank");
        Use(ErrorReason.RequestIdInvalid, each => each.RequestId = "short");
        Use(ErrorReason.RequestIdReused, each => (each.RequestId, each.Title) = (world.Stamped.RequestId, "另一标题"));
        Use(ErrorReason.UsccInvalid, each => each.CreditCode = "91370406MA");
        Use(ErrorReason.EnumInvalid, each => each.Seal = Kind.Unspecified);
        Use(ErrorReason.TextInvalid, each => each.Title = "");
        Use(ErrorReason.SealUseUnknown, each => each.Use = "HOLIDAY");
        Use(ErrorReason.SealUseNotAllowed, each => each.Seal = Kind.Invoice);
        Use(ErrorReason.SealUseNotGranted, _ => { }, Unknown());
        Use(ErrorReason.SealNotInForce, _ => { }, world.Revoked);
        Use(ErrorReason.StampPlaceInvalid, each => each.Document.Places.Clear());
        Use(ErrorReason.DocumentInvalid, each => each.Document.Ofd = ByteString.Empty);
        Use(ErrorReason.ContainerUnsafe, each => each.Document.Ofd = ByteString.CopyFromUtf8("PK, and nothing more"));
        Use(ErrorReason.XmlUnsafe, each => each.Document.Ofd = ByteString.CopyFrom(WithEntity(ofd)));

        // Lists
        Seals("ListSealUseGrants", "staff", ErrorReason.UsccInvalid, new ListSealUseGrantsRequest { CreditCode = "91370406MA" });
        Seals("ListSealUseGrants", "staff", ErrorReason.PageTokenInvalid, new ListSealUseGrantsRequest { CreditCode = nobody, PageToken = "x" });
        Seals("ListSealUses", "staff", ErrorReason.PageSizeInvalid, new ListSealUsesRequest { CreditCode = nobody, PageSize = -1 });
        Seals("ListSealUses", "holder-app", ErrorReason.SealUseNotGranted, new ListSealUsesRequest { CreditCode = nobody });
        return rows;
    }

    private static CreateLicenseCopyRequest Copy(IssuedSet set) => new() { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Receiver = "bank", PurposeText = "开立单位结算账户（样例）" };

    private static DownloadLicenseCopyRequest Fetch(string id, string purpose = "ACCOUNT_OPENING") => new() { RequestId = ServerFixture.NewRequestId(), DownloadId = id, Purpose = purpose };

    private static WithdrawSealUseRequest Withdraw(string grant) => new() { RequestId = ServerFixture.NewRequestId(), Name = grant, Reason = "授权到期（样例）" };

    // The same document, whose root declares an entity.
    private static byte[] WithEntity(byte[] ofd)
    {
        using var stream = new MemoryStream();
        stream.Write(ofd);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            zip.GetEntry("OFD.xml")!.Delete();
            using var root = zip.CreateEntry("OFD.xml").Open();
            root.Write(Encoding.UTF8.GetBytes("<?xml version=\"1.0\"?><!DOCTYPE OFD [<!ENTITY a \"b\">]><ofd:OFD xmlns:ofd=\"http://www.ofdspec.org/2016\">&a;</ofd:OFD>"));
        }

        return stream.ToArray();
    }

    private sealed record Row(ErrorReason Reason, string Caller, MethodDescriptor Method, IMessage Request, ErrorReason Json);

    private sealed record World(IssuedSet Set, IssuedSet Revoked, IssuedSet Trade, LicenseCopy[] Copies, SealUseGrant Withdrawn, StampRequest Stamped, CreateLicenseCopyRequest Copied);
}
