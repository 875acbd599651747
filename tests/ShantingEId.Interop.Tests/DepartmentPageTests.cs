using ShantingEId.Server.Tests;

namespace ShantingEId.Interop.Tests;

/// <summary>What the departments' page tells people to copy is, byte for byte, what the tests compile and run.</summary>
public sealed class DepartmentPageTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    // The line as it stands on the page; only address, folder and code are the test's.
    [Theory]
    [InlineData("docs/departments.md")]
    [InlineData("docs/departments.en.md")]
    public async Task The_line_for_a_shell_works(string page)
    {
        Foreign.Need("curl");
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: TestContext.Current.CancellationToken);
        var line = Blocks(page, "sh")[0].Replace("https://localhost:7443", server.Address.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace("certs-dev", server.Certificates, StringComparison.Ordinal).Replace("7K3M-9QWX-2B4T", issued.TypedCode, StringComparison.Ordinal);

        var (exit, output) = Foreign.Run("bash", ["-c", line.Replace("curl ", "curl -sS ", StringComparison.Ordinal)]);

        Assert.Equal(0, exit);
        using var answer = System.Text.Json.JsonDocument.Parse(output);
        Assert.Equal(("VALID", issued.License.Enterprise.Name), (answer.RootElement.GetProperty("verdict").GetString(), answer.RootElement.GetProperty("license").GetProperty("enterprise").GetProperty("name").GetString()));
        var receipt = Client.EidReceipt.Check(answer.RootElement.GetProperty("receipt").GetBytesFromBase64(), Client.EidTrust.FromFolder(server.Certificates));
        Assert.True(receipt.IsAbout(issued.TypedCode));
    }

    [Theory]
    [InlineData("docs/departments.md", "csharp", "tests/ShantingEId.Interop.Tests/Samples/FirstVerification.cs")]
    [InlineData("docs/departments.en.md", "csharp", "tests/ShantingEId.Interop.Tests/Samples/FirstVerification.cs")]
    [InlineData("src/ShantingEId.Client/README.md", "csharp", "tests/ShantingEId.Interop.Tests/Samples/FirstVerification.cs")]
    [InlineData("README.md", "csharp", "tests/ShantingEId.Interop.Tests/Samples/FirstVerification.cs")]
    [InlineData("README.en.md", "csharp", "tests/ShantingEId.Interop.Tests/Samples/FirstVerification.cs")]
    [InlineData("docs/departments.md", "js", "tests/interop/verify-license.mjs")]
    [InlineData("docs/departments.en.md", "js", "tests/interop/verify-license.mjs")]
    public void The_first_block_of_a_language_is_the_tested_file(string page, string language, string file) =>
        Assert.Equal(File.ReadAllText(Path.Combine(Foreign.Root, file)), Blocks(page, language)[0]);

    // The longer sample is shown in pieces; every piece stands in the file.
    [Theory]
    [InlineData("docs/departments.md")]
    [InlineData("docs/departments.en.md")]
    public void Every_other_block_is_a_piece_of_the_compiled_sample(string page)
    {
        var sample = File.ReadAllText(Path.Combine(Foreign.Root, "tests/ShantingEId.Interop.Tests/Samples/Department.cs"));
        var pieces = Blocks(page, "csharp")[1..];

        Assert.NotEmpty(pieces);
        Assert.All(pieces, piece => Assert.Contains(Indented(piece), sample, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("docs/departments.md")]
    [InlineData("docs/departments.en.md")]
    public void Every_reason_and_verdict_on_the_page_exists(string page)
    {
        var text = File.ReadAllText(Path.Combine(Foreign.Root, page));
        var known = Enum.GetValues<ErrorReason>().Select(reason => reason.WireName())
            .Concat(Enum.GetValues<Verifying.VerdictReason>().Select(reason => Verifying.VerdictReasons.WireName(reason)))
            .Concat(Enum.GetNames<Verifying.Verdict>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName))
            .Concat([Client.EidError.ServerUnreachable, Client.EidError.TlsFailed, Client.EidError.ConnectionLost, Client.EidError.ReceiptInvalid])
            .Concat(["TAX_REGISTRATION", "SOCIAL_SECURITY_REGISTRATION", "ACCOUNT_OPENING", "PUBLIC_SCAN"])
            .ToHashSet();

        // In the tables each stands alone in backquotes at the start of a row.
        var named = System.Text.RegularExpressions.Regex.Matches(text, @"^\| `([A-Z][A-Z_]+)`", System.Text.RegularExpressions.RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToList();

        Assert.True(named.Count > 15, $"{named.Count} names");
        Assert.All(named, name => Assert.Contains(name, known));
        Assert.All(Enum.GetNames<Verifying.Verdict>().Where(name => name != "Unspecified"), name => Assert.Contains(System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(name), named));
    }

    private static string[] Blocks(string page, string language) =>
        [.. File.ReadAllText(Path.Combine(Foreign.Root, page)).Split($"```{language}\n")[1..].Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)])];

    private static string Indented(string piece) => string.Concat(piece.TrimEnd('\n').Split('\n').Select(line => line.Length == 0 ? "\n" : $"    {line}\n"));
}
