using System.Text.Json.Nodes;
using ShantingEId.Tool.Vectors;

namespace ShantingEId.Interop.Tests;

/// <summary>The browser verifier: it builds, the committed bundle is its own, its tests pass, and it agrees with the published vectors.</summary>
public sealed class BrowserVerifierTests(BrowserVerifierTests.Built built) : IClassFixture<BrowserVerifierTests.Built>
{
    private static readonly string Vectors = Path.Combine(Foreign.Root, "tests", "vectors");

    [Fact]
    public void The_committed_bundle_is_what_the_sources_give()
    {
        built.Need();
        var fresh = Path.Combine(Directory.CreateTempSubdirectory("eid-bundle-").FullName, "bundle.js");
        var (exit, output) = Foreign.Run("npm", ["run", "--silent", "bundle", "--", "--allow-overwrite", "--outfile=" + fresh], folder: Built.Package);

        Assert.True(exit == 0, output);
        Assert.True(File.ReadAllText(fresh) == File.ReadAllText(Built.Bundle), "npm run build in src/shanting-eid-verifier makes another bundle than the committed one");
        Assert.InRange(Zipped(File.ReadAllBytes(fresh)), 10_000, 40_000);
    }

    [Fact]
    public void Its_own_tests_pass()
    {
        built.Need();
        var (exit, output) = Foreign.Run("npm", ["test", "--silent"], folder: Built.Package);
        Assert.True(exit == 0, output);
        foreach (var figure in output.Split('\n').Where(line => line.Contains("figure ", StringComparison.Ordinal)))
        {
            Console.WriteLine(figure.Trim());
        }

        Assert.Contains("figure mutated_accepted_browser 0 codes <= 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_agrees_with_every_vector_of_its_kinds()
    {
        built.Need();
        var (exit, output) = Eid.Run("vectors", "run", "--vectors", Vectors, "--", "node", Path.Combine(Built.Package, "dist", "cli.js"), "vectors");
        Assert.True(exit == 0, output);
        Assert.Matches("figure vectors_agree ([0-9]{3,}) vectors >= \\1", output);
    }

    // Whoever stands at the counter reads the same sentence, whichever program says it.
    [Fact]
    public void It_says_of_every_code_what_the_SDK_says_word_for_word()
    {
        built.Need();
        var (judge, codes) = (new VectorJudge(), VectorFile.ReadAll(Vectors).Where(vector => vector.Kind == "code").ToList());
        var (exit, output) = Foreign.Run("node", [Path.Combine(Built.Package, "dist", "cli.js"), "vectors"], string.Concat(codes.Select(code => code.Question + "\n")));
        Assert.True(exit == 0, output);
        var said = output.Trim().Split('\n');
        Assert.Equal(codes.Count, said.Length);
        Assert.All(codes.Zip(said), pair =>
        {
            var (right, answer) = (judge.Offline(VectorQuestion.Parse(pair.First.Question)), JsonNode.Parse(pair.Second)!);
            Assert.Equal((right.Explanation, right.NextStep), ((string?)answer["explanation"], (string?)answer["nextStep"]));
        });
    }

    [Fact]
    public void Our_library_agrees_with_every_vector_in_its_own_process_and_over_the_command_line()
    {
        var (exit, own) = Eid.Run("vectors", "run", "--vectors", Vectors);
        Assert.True(exit == 0, own);
        var (again, over) = Eid.Run("vectors", "run", "--vectors", Vectors, "--", "dotnet", typeof(VectorAnswer).Assembly.Location, "vectors", "answer");
        Assert.True(again == 0, over);
        Assert.Equal(own, over);
        Assert.Contains("figure vectors_not_supported 0 vectors", own, StringComparison.Ordinal);
    }

    // A runner that lets a wrong answer pass would make every figure above worthless.
    [Theory]
    [InlineData("for await (const l of require('readline').createInterface({ input: process.stdin })) console.log('{\"verdict\":\"VALID\",\"reason\":\"\"}')")]
    [InlineData("for await (const l of require('readline').createInterface({ input: process.stdin })) console.log('{\"verdict\":\"UNSUPPORTED\",\"reason\":\"\"}')")]
    [InlineData("console.log('no answer')")]
    [InlineData("")]
    public void A_program_that_answers_wrongly_or_not_at_all_is_told_so(string program)
    {
        Foreign.Need("node");
        var few = Directory.CreateTempSubdirectory("eid-vectors-").FullName;
        foreach (var file in Directory.GetFiles(Vectors, "code-bad-prefix-*"))
        {
            File.Copy(file, Path.Combine(few, Path.GetFileName(file)));
        }

        var (exit, output) = Eid.Run("vectors", "run", "--vectors", few, "--", "node", "-e", $"(async () => {{ {program} }})()");

        Assert.True(exit == 3, output);
        Assert.Contains("figure vectors_agree 0 vectors", output, StringComparison.Ordinal);
    }

    private static int Zipped(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(output, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return (int)output.Length;
    }

    /// <summary>The package, compiled once.</summary>
    public sealed class Built
    {
        public static readonly string Package = Path.Combine(Foreign.Root, "src", "shanting-eid-verifier");
        public static readonly string Bundle = Path.Combine(Package, "bundle", "shanting-eid-verifier.js");
        private readonly (int Exit, string Output) compiled;

        public Built()
        {
            if (Directory.Exists(Path.Combine(Package, "node_modules", "sm-crypto-v2")))
            {
                compiled = Foreign.Run(Path.Combine(Package, "node_modules", ".bin", "tsc"), ["-p", "."], folder: Package);
            }
        }

        public void Need()
        {
            Foreign.Need("node");
            if (compiled.Output is null && Environment.GetEnvironmentVariable("CI") is null)
            {
                Assert.Skip("npm modules of src/shanting-eid-verifier are not installed; ./test installs them");
            }

            Assert.True(compiled is (0, not null), compiled.Output ?? "npm modules of src/shanting-eid-verifier are not installed");
        }
    }
}
