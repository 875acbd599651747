using System.IO.Compression;
using System.Xml.Linq;
using ShantingEId.Server.Tests;

namespace ShantingEId.Interop.Tests;

/// <summary>The packages as others get them: packed, taken into a fresh program; the SDK run against a real server, the document library by itself.</summary>
public sealed class PackageTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly string[] Packed = ["ShantingEId", "ShantingEId.Protocol", "ShantingEId.Client", "ShantingEId.Documents"];

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
            WriteDepartment(program, feed);
            Dotnet(["build", "-o", "out", "--nologo", "-v", "q"], program);

            // 3. Its first licence.
            var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal((0, $"有效：{issued.License.Enterprise.Name}\n"), Foreign.Run("dotnet", ["out/program.dll", issued.LicenseCode], folder: program));
            var (_, answer) = Foreign.Run("dotnet", ["out/program.dll", ShantingEId.Codes.TypedCode.Generate().ToString()], folder: program);
            Assert.StartsWith("登记簿中没有与此代码对应的执照。", answer, StringComparison.Ordinal);

            // 4. The samples of the document library, with nothing else in the world.
            var documents = Path.Combine(folder, "documents");
            WriteSamples(documents, feed);
            Dotnet(["build", "-o", "out", "--nologo", "-v", "q"], documents);
            var (exit, report) = Foreign.Run("dotnet", ["out/program.dll"], folder: documents);
            Assert.True(exit == 0, report);
            Assert.StartsWith("无法确认：签名值真实，被签的文件与签名时一致；", report, StringComparison.Ordinal); // What only a register knows.
            Assert.True(File.Exists(Path.Combine(documents, "license.pdf")));
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
                "ShantingEId.Documents" => ["QRCoder", "ShantingEId", "SkiaSharp", "SkiaSharp.NativeAssets.Linux.NoDependencies", "System.IO.Hashing"],
                _ => ["Grpc.Net.Client", "Grpc.StatusProto", "ShantingEId", "ShantingEId.Protocol"],
            }, needs);
        }

        foreach (var project in (string[])["ShantingEId.Client", "ShantingEId.Documents"])
        {
            using var package = ZipFile.OpenRead(Directory.GetFiles(feed, $"{project}.0*.nupkg").Single());
            Assert.NotNull(package.GetEntry("README.md"));
            using var symbols = ZipFile.OpenRead(Directory.GetFiles(feed, $"{project}.0*.snupkg").Single());
            Assert.NotNull(symbols.GetEntry($"lib/net10.0/{project}.pdb"));
        }
    }

    // Only the address differs from the page: the test's server listens on a free port.
    private void WriteDepartment(string program, string feed)
    {
        WriteProject(program, feed, "ShantingEId.Client");
        var page = File.ReadAllText(Path.Combine(Foreign.Root, "tests", "ShantingEId.Interop.Tests", "Samples", "FirstVerification.cs"));
        Assert.Contains("https://localhost:7443\"", page, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(program, "Program.cs"), page.Replace("https://localhost:7443", server.Address.ToString().TrimEnd('/'), StringComparison.Ordinal));
        File.Copy(Path.Combine(Foreign.Root, "tests", "ShantingEId.Interop.Tests", "Samples", "Department.cs"), Path.Combine(program, "Department.cs"));
        var certificates = Directory.CreateDirectory(Path.Combine(program, "certs-dev"));
        foreach (var file in (string[])["tax-bureau.crt", "tax-bureau.key", "tls-ca.crt"])
        {
            File.Copy(Path.Combine(server.Certificates, file), Path.Combine(certificates.FullName, file));
        }
    }

    private static void WriteSamples(string program, string feed)
    {
        WriteProject(program, feed, "ShantingEId.Documents");
        foreach (var sample in Directory.GetFiles(Path.Combine(Foreign.Root, "tests", "ShantingEId.Tests", "Samples")))
        {
            File.Copy(sample, Path.Combine(program, Path.GetFileName(sample)));
        }

        File.WriteAllText(Path.Combine(program, "Program.cs"), """
            DrawSample.Draw(".");
            StampSample.Stamp(".");
            await VerifySample.VerifyAsync(".");
            """);
    }

    private static void WriteProject(string program, string feed, string package)
    {
        Directory.CreateDirectory(program);
        var version = Path.GetFileNameWithoutExtension(Directory.GetFiles(feed, $"{package}.0*.nupkg").Single())[$"{package}.".Length..];
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
                <PackageReference Include="{package}" Version="{version}" />
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
    }

    private static void Dotnet(string[] arguments, string folder)
    {
        var (exit, output) = Foreign.Run("dotnet", arguments, folder: folder);
        Assert.True(exit == 0, $"dotnet {string.Join(' ', arguments)}\n{output}");
    }
}
