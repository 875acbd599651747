using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.Server.Callers;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>The same methods over JSON: same answers, same rules, same refusals, HTTP's own statuses.</summary>
public sealed class JsonTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Verify = "/v1/codes:verify";
    private const string Question = """{"code":"样例","purpose":"TAX_REGISTRATION"}""";

    private JsonCall Tax => JsonCall.As(server, "tax-bureau");

    private JsonCall Staff => JsonCall.As(server, "staff");

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_set_is_issued_shown_verified_and_revoked_as_over_grpc(string version)
    {
        var staff = JsonCall.As(server, "staff", Version.Parse(version));
        var request = ServerFixture.ValidRequest();
        var issued = Read<IssuedSet>(await staff.Ask(Method("IssueSet"), request));
        Assert.Equal(await server.Staff().IssueSetAsync(request), issued);

        var show = new GetIssuedSetRequest { Name = issued.Name, View = GetIssuedSetRequest.Types.View.Full };
        Assert.Equal(await server.Staff().GetIssuedSetAsync(show), Read<IssuedSet>(await staff.Ask(Method("GetIssuedSet"), show)));

        var question = new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" };
        var answer = Read<Verification>(await JsonCall.As(server, "tax-bureau", Version.Parse(version)).Ask(Method("VerifyCode"), question));
        var same = await server.Tax().VerifyCodeAsync(question);
        same.StatusAsOfTime = answer.StatusAsOfTime;
        Assert.Equal(same, answer);

        var revoked = Read<IssuedSet>(await staff.Ask(Method("RevokeSet"), new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例吊销", Authority = "样例机关" }));
        Assert.Equal(IssuedSet.Types.State.Revoked, revoked.State);
        Assert.Equal(Verification.Types.Verdict.Revoked, (await server.Tax().VerifyCodeAsync(question)).Verdict);
    }

    // proto3 JSON to the letter: names in lower camel, enums by name, times and bytes as texts, what is not there is not written.
    [Fact]
    public async Task The_spelling_is_that_of_proto3_json()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());

        var set = JsonNode.Parse((await Staff.Get("/v1/" + issued.Name)).Body)!.AsObject();
        var verdict = JsonNode.Parse((await JsonCall.As(server, "holder-app").Post(Verify, $$"""{"code":"{{issued.TypedCode}}","purpose":"PUBLIC_SCAN"}""")).Body)!.AsObject();

        Assert.Equal(["name", "license", "seals", "state", "stateEffectiveTime", "licenseCode", "typedCode", "manifestDigest", "stateRecordedTime"], set.Select(member => member.Key));
        Assert.Equal(("ACTIVE", "COMPANY", "OFFICIAL"), ((string?)set["state"], (string?)set["license"]!["enterprise"]!["kind"], (string?)set["seals"]![0]!["kind"]));
        Assert.Equal(issued.ManifestDigest.ToBase64(), (string?)set["manifestDigest"]);
        Assert.Equal("VALID", (string?)verdict["verdict"]);
        Assert.Equal(["creditCode", "name", "kind", "representative", "address"], verdict["license"]!["enterprise"]!.AsObject().Select(member => member.Key));
    }

    public static TheoryData<string, string> EveryCallerAndMethod() =>
        [.. from caller in DevCertificates.Callers from entry in JsonCall.Methods(MethodRule.Services) select (caller, entry.Method.FullName)];

    // The rule is the method's, whatever path leads to it: the table of CallerTests once more.
    [Theory]
    [MemberData(nameof(EveryCallerAndMethod))]
    public async Task A_caller_may_call_over_json_what_it_is_granted_and_nothing_else(string caller, string method)
    {
        var descriptor = MethodRule.Services.SelectMany(service => service.Methods).Single(each => each.FullName == method);
        var request = (IMessage)Activator.CreateInstance(descriptor.InputType.ClrType)!;
        descriptor.InputType.FindFieldByName("name")?.Accessor.SetValue(request, SomeName(descriptor));
        descriptor.InputType.FindFieldByName("code")?.Accessor.SetValue(request, "x");
        // A stream that is let in would go on for an hour; a mark that cannot be ends it inside the method.
        descriptor.InputType.FindFieldByName("after_mark")?.Accessor.SetValue(request, -1L);
        var answer = await JsonCall.As(server, caller).Ask(descriptor, request);

        if (CallerTests.Granted[caller].Contains(descriptor.Name))
        {
            // Let in by the rule; that an app has no right to this company or session is said by the method itself.
            Assert.True(answer.Http != HttpStatusCode.Forbidden || answer.Reason == "HOLDER_PROOF_REQUIRED", answer.Reason);
            Assert.NotEqual("ACCESS_DENIED", answer.Reason);
        }
        else
        {
            Assert.Equal((HttpStatusCode.Forbidden, StatusCode.PermissionDenied, "ACCESS_DENIED"), (answer.Http, answer.Status!.Value, answer.Reason));
        }
    }

    [Fact]
    public void Every_unary_method_can_be_asked_over_json() =>
        Assert.Equal(
            MethodRule.Services.SelectMany(service => service.Methods).Where(method => !method.IsClientStreaming).Select(method => method.FullName).Order(),
            JsonCall.Methods(MethodRule.Services).Select(entry => entry.Method.FullName).Order());

    public static TheoryData<string, HttpStatusCode> Refusals() => new()
    {
        { "REQUEST_ID_INVALID", HttpStatusCode.BadRequest }, { "REQUEST_ID_REUSED", HttpStatusCode.BadRequest }, { "USCC_INVALID", HttpStatusCode.BadRequest },
        { "TEXT_INVALID", HttpStatusCode.BadRequest }, { "DATE_INVALID", HttpStatusCode.BadRequest }, { "DATE_ORDER", HttpStatusCode.BadRequest },
        { "AMOUNT_INVALID", HttpStatusCode.BadRequest }, { "ENUM_INVALID", HttpStatusCode.BadRequest }, { "LINT_FAILED", HttpStatusCode.BadRequest },
        { "LICENSE_ID_INVALID", HttpStatusCode.BadRequest }, { "LICENSE_EXISTS", HttpStatusCode.Conflict }, { "LICENSE_NOT_FOUND", HttpStatusCode.NotFound },
        { "ALREADY_REVOKED", HttpStatusCode.BadRequest }, { "REASON_REQUIRED", HttpStatusCode.BadRequest }, { "EFFECTIVE_TIME_INVALID", HttpStatusCode.BadRequest },
        { "QR_TEXT_INVALID", HttpStatusCode.BadRequest }, { "PURPOSE_REQUIRED", HttpStatusCode.BadRequest }, { "PURPOSE_NOT_GRANTED", HttpStatusCode.Forbidden },
    };

    // The same refused request over gRPC and over JSON: same code, reason, text, fields and details.
    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_of_a_method_is_the_same_with_the_status_of_http(string reason, HttpStatusCode http)
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var issue = ServerFixture.ValidRequest();
        var revoke = new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例吊销", Authority = "样例机关" };
        var verify = new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" };
        IMessage request = issue;
        switch (reason)
        {
            case "REQUEST_ID_INVALID": issue.RequestId = "short"; break;
            case "REQUEST_ID_REUSED":
                await server.Staff().IssueSetAsync(issue);
                issue.Enterprise.Name = "枣庄市山亭区样例饮品有限公司";
                break;
            case "USCC_INVALID": (request, verify.Code) = (new LookupLicenseRequest { CreditCode = "91370406MA0000000X", Purpose = "TAX_REGISTRATION" }, ""); break;
            case "TEXT_INVALID": issue.Enterprise.Name = "样例\u200b食品"; break;
            case "DATE_INVALID": issue.Enterprise.EstablishDate.Month = 13; break;
            case "DATE_ORDER": issue.Enterprise.EstablishDate.Year = 2199; break;
            case "AMOUNT_INVALID": issue.Enterprise.Capital = "1e3万元"; break;
            case "ENUM_INVALID": issue.Enterprise.Kind = 0; break;
            case "LINT_FAILED": issue.Enterprise.Kind = Enterprise.Types.Kind.IndividualBusiness; break;
            case "LICENSE_ID_INVALID": request = new GetIssuedSetRequest { Name = "issuedSets/1.2.156.3005.2.nothing" }; break;
            case "LICENSE_EXISTS": issue.Enterprise.CreditCode = set.License.Enterprise.CreditCode; break;
            case "LICENSE_NOT_FOUND": request = new GetIssuedSetRequest { Name = "issuedSets/" + SampleCompanies.CreditCode(SampleCompanies.Next()) }; break;
            case "ALREADY_REVOKED":
                await server.Staff().RevokeSetAsync(revoke);
                revoke.RequestId = ServerFixture.NewRequestId();
                request = revoke;
                break;
            case "REASON_REQUIRED": (request, revoke.Reason) = (revoke, ""); break;
            case "EFFECTIVE_TIME_INVALID": (request, revoke.EffectiveTime) = (revoke, new Timestamp { Seconds = 4_000_000_000 }); break;
            case "QR_TEXT_INVALID": (request, verify.Code) = (verify, ""); break;
            case "PURPOSE_REQUIRED": (request, verify.Purpose) = (verify, ""); break;
            case "PURPOSE_NOT_GRANTED": (request, verify.Purpose) = (verify, "AUDIT"); break;
        }

        var method = MethodRule.Services.SelectMany(service => service.Methods).Single(each => each.InputType == request.Descriptor && !each.IsServerStreaming);
        var caller = request is VerifyCodeRequest or LookupLicenseRequest ? "tax-bureau" : "staff";
        var grpc = (await RawCall.As(server, caller).Post($"/{method.Service.FullName}/{method.Name}", RawCall.Frame(request.ToByteArray()))).Refusal!;
        var json = await JsonCall.As(server, caller).Ask(method, request);

        Assert.Equal((reason, http), (grpc.Reason, json.Http));
        Assert.Equal((grpc.Status, grpc.Reason, grpc.Message), (json.Status!.Value, json.Reason!, json.Refusal!.Message));
        Assert.Equal(grpc.Violations, json.Refusal.Violations);
        Assert.Equal(grpc.Info, json.Refusal.Info);
    }

    [Fact]
    public async Task Who_is_not_let_in_learns_it_in_json_and_nothing_of_his_body_is_read()
    {
        var nobody = await JsonCall.As(server, null).Post(Verify, "{");
        var stranger = await JsonCall.As(server, "stranger").Post(Verify, "{");
        var nowhere = await JsonCall.As(server, null).Get("/v1/nothing");

        Assert.Equal((HttpStatusCode.Unauthorized, StatusCode.Unauthenticated, "CLIENT_CERT_INVALID"), (nobody.Http, nobody.Status!.Value, nobody.Reason));
        Assert.Equal((HttpStatusCode.Forbidden, "ACCESS_DENIED"), (stranger.Http, stranger.Reason));
        Assert.Equal((HttpStatusCode.Unauthorized, "CLIENT_CERT_INVALID"), (nowhere.Http, nowhere.Reason));
    }

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/v1/nothing")]
    [InlineData("GET", "/v1/codes:verify")]
    [InlineData("DELETE", "/v1/issuedSets/x")]
    [InlineData("POST", "/v1/issuedSets/x:forget")]
    [InlineData("OPTIONS", "/v1/issuedSets")]
    public async Task A_path_that_leads_nowhere_is_not_found(string method, string path)
    {
        var answer = await Staff.Send(new HttpMethod(method), path, null);

        Assert.Equal((HttpStatusCode.NotFound, StatusCode.NotFound, "PATH_UNKNOWN"), (answer.Http, answer.Status!.Value, answer.Reason));
    }

    public static TheoryData<string, string> BadBodies() => new()
    {
        { "", "" }, { "{", "" }, { "[]", "" }, { "null", "" }, { "\"text\"", "" }, { "{} {}", "" }, { "{'code':1}", "" }, { "{\"requestId\":\"x\",}", "" }, { "/* */{}", "" },
        { "{\"requestId\":1}", "request_id" }, { "{\"requestId\":\"\\ud800\"}", "" }, { "{\"requestId\":{}}", "request_id" },
        { "{\"surprise\":1}", "surprise" }, { "{\"request_ID\":\"x\"}", "request_ID" }, { "{\"样例\":1}", "?" },
        { "{\"requestId\":\"a\",\"requestId\":\"b\"}", "request_id" }, { "{\"requestId\":\"a\",\"request_id\":\"b\"}", "request_id" },
        { "{\"enterprise\":[]}", "enterprise" }, { "{\"enterprise\":{\"nmae\":\"x\"}}", "enterprise.nmae" }, { "{\"enterprise\":{\"kind\":\"GUILD\"}}", "enterprise.kind" },
        { "{\"enterprise\":{\"kind\":\"company\"}}", "enterprise.kind" }, { "{\"enterprise\":{\"establishDate\":\"1998-03-09\"}}", "enterprise.establish_date" },
        { "{\"enterprise\":{\"establishDate\":{\"year\":true}}}", "enterprise.establish_date.year" }, { "{\"enterprise\":{\"establishDate\":{\"year\":1.5}}}", "*" },
        { "{\"enterprise\":{\"establishDate\":{\"year\":99999999999}}}", "*" }, { "{\"validateOnly\":\"yes\"}", "validate_only" },
        { "{\"enterprise\":" + string.Concat(Enumerable.Repeat("[", 3000)), "enterprise" }, { string.Concat(Enumerable.Repeat("{\"enterprise\":", 3000)), "enterprise.enterprise" },
    };

    // "*" where only the value is bad: then the transcoder refuses, and names no field.
    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task A_body_that_is_not_what_it_should_be_is_malformed_and_says_where(string body, string field)
    {
        var answer = await Staff.Post("/v1/issuedSets", body);

        Assert.Equal((HttpStatusCode.BadRequest, StatusCode.InvalidArgument, "MALFORMED_REQUEST"), (answer.Http, answer.Status!.Value, answer.Reason));
        Assert.Equal(field == "*" ? [] : [$"{field} MALFORMED_REQUEST"], answer.Refusal!.Fields);
        Assert.DoesNotContain("Exception", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", answer.Text, StringComparison.Ordinal);
        Assert.Empty(server.Log.Faults);
    }

    [Theory]
    [InlineData("view=TOTAL", "*")]
    [InlineData("veiw=FULL", "veiw")]
    [InlineData("view=FULL&view=BASIC", "view")]
    [InlineData("name=issuedSets/other", "name")]
    public async Task A_query_that_is_not_what_it_should_be_is_malformed(string query, string field)
    {
        var answer = await Staff.Get("/v1/issuedSets/" + SampleCompanies.CreditCode(SampleCompanies.Next()) + "?" + query);

        Assert.Equal((HttpStatusCode.BadRequest, "MALFORMED_REQUEST"), (answer.Http, answer.Reason));
        Assert.Equal(field == "*" ? [] : [$"{field} MALFORMED_REQUEST"], answer.Refusal!.Fields);
    }

    // Which set is ended stands in the path; a body that names another must not be overruled in silence.
    [Fact]
    public async Task What_stands_in_the_path_may_not_stand_in_the_body()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var body = $$"""{"name":"issuedSets/other","requestId":"{{ServerFixture.NewRequestId()}}","reason":"样例吊销","authority":"样例机关"}""";

        var answer = await Staff.Post($"/v1/{set.Name}:revoke", body);

        Assert.Equal("MALFORMED_REQUEST", answer.Reason);
        Assert.Equal(["name MALFORMED_REQUEST"], answer.Refusal!.Fields);
        Assert.Equal(IssuedSet.Types.State.Active, (await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = set.Name })).State);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=gbk")]
    [InlineData("application/xml")]
    [InlineData("")]
    public async Task A_body_of_another_type_is_not_taken(string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Question));
        content.Headers.TryAddWithoutValidation("content-type", type);

        var answer = await Tax.Send(HttpMethod.Post, Verify, content);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, StatusCode.InvalidArgument, "CONTENT_TYPE_NOT_SUPPORTED"), (answer.Http, answer.Status!.Value, answer.Reason));
    }

    [Fact]
    public async Task A_compressed_body_is_refused_unopened()
    {
        var content = new StringContent(Question, Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("gzip");

        var answer = await Tax.Send(HttpMethod.Post, Verify, content);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "COMPRESSION_NOT_SUPPORTED"), (answer.Http, answer.Reason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_of_exactly_the_limit_is_read_and_one_byte_more_is_too_large(bool chunked)
    {
        var fits = new byte[64 * 1024];
        fits.AsSpan().Fill((byte)' ');
        Encoding.UTF8.GetBytes(Question).CopyTo(fits, 0);
        HttpContent Body(byte[] bytes) => new StreamContent(new MemoryStream(bytes)) { Headers = { ContentType = new("application/json"), ContentLength = chunked ? null : bytes.Length } };
        HttpContent Chunked(byte[] bytes) => new ChunkedContent(bytes);

        Assert.Equal(HttpStatusCode.OK, (await Tax.Send(HttpMethod.Post, Verify, chunked ? Chunked(fits) : Body(fits))).Http);
        var answer = await Tax.Send(HttpMethod.Post, Verify, chunked ? Chunked([.. fits, (byte)' ']) : Body([.. fits, (byte)' ']));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), (answer.Http, answer.Status!.Value, answer.Reason));
    }

    [Theory]
    [InlineData("19m", HttpStatusCode.GatewayTimeout, "DEADLINE_TOO_SHORT")]
    [InlineData("soon", HttpStatusCode.BadRequest, "MALFORMED_REQUEST")]
    [InlineData("1500m", HttpStatusCode.OK, null)]
    public async Task The_header_of_grpc_sets_the_deadline_here_too(string timeout, HttpStatusCode http, string? reason)
    {
        var answer = await Tax.Post(Verify, Question, ("grpc-timeout", timeout));

        Assert.Equal((http, reason), (answer.Http, answer.Reason));
    }

    // The body begins and never ends; the ceiling of the method (2 s) ends it, or the caller's own shorter deadline.
    [Theory]
    [InlineData(null, 1.5, 4)]
    [InlineData("1H", 1.5, 4)]
    [InlineData("300m", 0.25, 1.9)]
    public async Task A_call_ends_at_its_deadline(string? timeout, double least, double most)
    {
        var endless = new EndlessContent(Encoding.UTF8.GetBytes(Question[..^1]));
        endless.Headers.ContentType = new("application/json");
        var watch = System.Diagnostics.Stopwatch.StartNew();

        // Over HTTP/1.1 the client would read no answer before it has sent its body.
        var answer = await JsonCall.As(server, "tax-bureau", HttpVersion.Version20).Send(HttpMethod.Post, Verify, endless, timeout is null ? [] : [("grpc-timeout", timeout)]);

        endless.End();
        Assert.Equal((HttpStatusCode.GatewayTimeout, StatusCode.DeadlineExceeded, "DEADLINE_EXCEEDED"), (answer.Http, answer.Status!.Value, answer.Reason));
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most));
    }

    // Such as the path of the method has room for.
    private static string SomeName(MethodDescriptor method)
    {
        var rule = method.GetOptions().GetExtension(Google.Api.AnnotationsExtensions.Http);
        return Regex.Match(rule.Post + rule.Get, "name=([^}]*)").Groups[1].Value.Replace('*', 'x');
    }

    private static MethodDescriptor Method(string name) => MethodRule.Services.SelectMany(service => service.Methods).Single(method => method.Name == name);

    // Read by the protobuf library, which refuses what is not proto3 JSON.
    private static T Read<T>(RawAnswer answer)
        where T : IMessage<T>, new()
    {
        Assert.True(answer.Http == HttpStatusCode.OK, answer.Text);
        return JsonParser.Default.Parse<T>(answer.Text);
    }

    private sealed class ChunkedContent : HttpContent
    {
        private readonly byte[] bytes;

        public ChunkedContent(byte[] bytes)
        {
            this.bytes = bytes;
            Headers.ContentType = new("application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
