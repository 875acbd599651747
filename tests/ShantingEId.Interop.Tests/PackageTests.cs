using System.IO.Compression;
using System.Xml.Linq;
using ShantingEId.Server.Tests;

namespace ShantingEId.Interop.Tests;

/// <summary>The SDK as a department gets it: packed, taken into a fresh program, run against a real server.</summary>
public sealed class PackageTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly string[] Packed = ["ShantingEId", "ShantingEId.Protocol", "ShantingEId.Client"];

    [Fact]
    public async Task A_fresh_program_takes_the_packages_and_verifies_its_first_licence()
    {
        var folder = Directory.CreateTempSubdirectory("eid-package-").FullName;
        try
        {
            // 1. Pack what was built with these tests.
            var feed = Path.Combine(folder, "feed");
            foreach (var project in Packed)
            {
                Dotnet(["pack", Path.Combine("src", project), "-c", Configuration, "--no-build", "-o", feed, "--nologo"], Foreign.Root);
            }

            AssertNuspec(feed);

            // 2. A program of somebody else: its own folder, the page's lines, only the packages and what they name.
            var program = Path.Combine(folder, "program");
            WriteProgram(program, feed);
            Dotnet(["build", "-o", "out", "--nologo", "-v", "q"], program);

            // 3. Its first licence.
            var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal((0, $"有效：{issued.License.Enterprise.Name}\n"), Foreign.Run("dotnet", ["out/program.dll", issued.LicenseCode], folder: program));
            var (_, answer) = Foreign.Run("dotnet", ["out/program.dll", ShantingEId.Codes.TypedCode.Generate().ToString()], folder: program);
            Assert.StartsWith("登记簿中没有与此代码对应的执照。", answer, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Configuration => AppContext.BaseDirectory.Contains("release", StringComparison.OrdinalIgnoreCase) ? "Release" : "Debug";

    private static void AssertNuspec(string feed)
    {
        foreach (var project in Packed)
        {
            using var package = ZipFile.OpenRead(Directory.GetFiles(feed, $"{project}.0*.nupkg").Single());
            using var stream = package.GetEntry(project + ".nuspec")!.Open();
            var nuspec = XDocument.Load(stream).Root!.Elements().Single();
            string? Value(string name) => nuspec.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value;
            var needs = nuspec.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value).Order(StringComparer.Ordinal).ToArray();

            Assert.Equal(project, Value("id"));
            Assert.True(Value("description")!.Length > 40);
            Assert.NotNull(package.GetEntry($"lib/net10.0/{project}.dll"));
            Assert.NotNull(package.GetEntry($"lib/net10.0/{project}.xml"));
            // What departments must install with it, and nothing that only the server or the build needs.
            Assert.Equal(project switch
            {
                "ShantingEId" => ["BouncyCastle.Cryptography", "System.Formats.Cbor"],
                "ShantingEId.Protocol" => ["Google.Api.CommonProtos", "Google.Protobuf", "Grpc.Net.Client"],
                _ => ["Grpc.Net.Client", "Grpc.StatusProto", "ShantingEId", "ShantingEId.Protocol"],
            }, needs);
        }

        using var client = ZipFile.OpenRead(Directory.GetFiles(feed, "ShantingEId.Client.0*.nupkg").Single());
        Assert.NotNull(client.GetEntry("README.md"));
        using var symbols = ZipFile.OpenRead(Directory.GetFiles(feed, "ShantingEId.Client.0*.snupkg").Single());
        Assert.NotNull(symbols.GetEntry("lib/net10.0/ShantingEId.Client.pdb"));
    }

    // Only the address differs from the page: the test's server listens on a free port.
    private void WriteProgram(string program, string feed)
    {
        Directory.CreateDirectory(program);
        var version = Path.GetFileNameWithoutExtension(Directory.GetFiles(feed, "ShantingEId.Client.0*.nupkg").Single())["ShantingEId.Client.".Length..];
        var page = File.ReadAllText(Path.Combine(Foreign.Root, "tests", "ShantingEId.Interop.Tests", "Samples", "FirstVerification.cs"));
        Assert.Contains("https://localhost:7443\"", page, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(program, "Program.cs"), page.Replace("https://localhost:7443", server.Address.ToString().TrimEnd('/'), StringComparison.Ordinal));
        File.Copy(Path.Combine(Foreign.Root, "tests", "ShantingEId.Interop.Tests", "Samples", "Department.cs"), Path.Combine(program, "Department.cs"));
        File.WriteAllText(Path.Combine(program, "program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="ShantingEId.Client" Version="{version}" />
              </ItemGroup>
            </Project>
            """);
        // Packages of others come from where the build of this repository has put them; ours are unpacked beside the program,
        // so that nothing of a test stays behind in a folder that other builds read.
        var others = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(program, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="packages" /></config>
              <packageSources><clear /><add key="feed" value="{feed}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="others" value="{others}" /></fallbackPackageFolders>
            </configuration>
            """);
        var certificates = Directory.CreateDirectory(Path.Combine(program, "certs-dev"));
        foreach (var file in (string[])["tax-bureau.crt", "tax-bureau.key", "tls-ca.crt"])
        {
            File.Copy(Path.Combine(server.Certificates, file), Path.Combine(certificates.FullName, file));
        }
    }

    private static void Dotnet(string[] arguments, string folder)
    {
        var (exit, output) = Foreign.Run("dotnet", arguments, folder: folder);
        Assert.True(exit == 0, $"dotnet {string.Join(' ', arguments)}\n{output}");
    }
}
