using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Server.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace ShantingEId.Interop.Tests;

/// <summary>Judges from npm: sm-crypto on licence codes, buf on the protos.</summary>
public sealed class NodeTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly string Interop = Path.Combine(Foreign.Root, "tests", "interop");

    [Fact]
    public async Task SmCrypto_verifies_licence_codes_and_refuses_altered_ones()
    {
        NeedModule("sm-crypto");
        var authority = server.Services.GetRequiredService<IssuingAuthority>();
        var codes = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            codes.Add((await server.Staff().IssueSetAsync(ServerFixture.ValidRequest())).LicenseCode);
        }

        // The last character but one carries no spare bits, so changing it alters a signed or signing byte.
        var altered = codes.Select(code => code[..^2] + (code[^2] == 'A' ? 'B' : 'A') + code[^1]);
        var key = Convert.ToHexStringLower(authority.CodeSigner.Certificate.PublicKey.Spki[^65..]);
        var (exit, output) = Foreign.Run("node", ["verify-code.mjs", authority.CodePrefix, key], string.Join('\n', codes.Concat(altered)), Interop);

        Assert.Equal(0, exit);
        Assert.Equal(Enumerable.Repeat("good", 10).Concat(Enumerable.Repeat("bad", 10)), output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Buf_lint_passes_on_the_protos_and_would_not_on_a_bad_one()
    {
        NeedModule("@bufbuild/buf");
        // buf resolves imports inside one workspace: ours beside Google's, which come with a package of the build.
        var workspace = Directory.CreateTempSubdirectory("eid-buf-").FullName;
        CopyTree(Path.Combine(Foreign.Root, "protos"), Path.Combine(workspace, "protos"));
        CopyTree(GoogleProtos(), Path.Combine(workspace, "google-protos"));
        var config = File.ReadAllText(Path.Combine(workspace, "protos", "buf.yaml"));
        File.Delete(Path.Combine(workspace, "protos", "buf.yaml"));
        File.WriteAllText(Path.Combine(workspace, "buf.yaml"), config.Replace("  - path: .\n", "  - path: protos\n  - path: google-protos\n", StringComparison.Ordinal));
        var buf = Path.Combine(Interop, "node_modules", ".bin", "buf");
        (int Exit, string Output) Lint() => Foreign.Run(buf, ["lint", "--path", "protos/shanting"], folder: workspace);

        Assert.Equal((0, ""), Lint());

        File.AppendAllText(Path.Combine(workspace, "protos", "shanting", "eid", "v1", "resources.proto"), "message no_comment { string BadName = 1; }\n");
        Assert.NotEqual(0, Lint().Exit);
    }

    internal static void NeedModule(string module)
    {
        Foreign.Need("node");
        var installed = Directory.Exists(Path.Combine(Interop, "node_modules", module));
        if (!installed && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Skip($"npm module {module} is not installed; ./test installs it");
        }

        Assert.True(installed, $"npm module {module} is not installed");
    }

    // The document as it is served and as the tool prints it; and with one thing broken, which the judge must notice.
    [Fact]
    public async Task SwaggerParser_accepts_the_openapi_document_and_not_a_broken_one()
    {
        NeedModule("@apidevtools/swagger-parser");
        using var client = new HttpClient(server.Handler(server.Certificate("stranger"))) { BaseAddress = server.Address };
        var served = await client.GetStringAsync("/openapi.json", TestContext.Current.CancellationToken);
        Assert.Equal(served, System.Text.Encoding.UTF8.GetString(ShantingEId.Server.Edge.OpenApi.Utf8.Span));

        // As many paths as the protos have addresses.
        var paths = Server.Callers.MethodRule.Services.SelectMany(service => service.Methods).Select(method => method.GetOptions()?.GetExtension(Google.Api.AnnotationsExtensions.Http))
            .Where(rule => rule is not null).Select(rule => rule!.Get + rule.Post).Distinct().Count();
        Assert.Equal($"good 3.1.0 {paths}\n", Judge(served));
        Assert.StartsWith("bad", Judge(served.Replace("schemas/Verification\"", "schemas/Nothing\"", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.StartsWith("bad", Judge(served.Replace("\"in\": \"path\"", "\"in\": \"road\"", StringComparison.Ordinal)), StringComparison.Ordinal);

        static string Judge(string document) => Foreign.Run("node", ["check-openapi.mjs"], document, Interop).Output;
    }

    private static string GoogleProtos()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var package = Directory.GetDirectories(Path.Combine(packages, "google.api.commonprotos")).Order(StringComparer.Ordinal).Last();
        return Directory.GetDirectories(package, "google", SearchOption.AllDirectories).Select(folder => Path.GetDirectoryName(folder)!)
            .First(folder => File.Exists(Path.Combine(folder, "google", "api", "field_behavior.proto")));
    }

    private static void CopyTree(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".proto", StringComparison.Ordinal) || file.EndsWith("buf.yaml", StringComparison.Ordinal)))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
