namespace ShantingEId.Tests.Crypto;

/// <summary>I32 as a rule about the sources: one wrapper, one curve, one clock.</summary>
public sealed class ConventionTests
{
    // The raw signer takes no ID by default and any curve: only the two wrappers may hold it.
    [Fact]
    public void Only_the_two_key_classes_use_the_raw_signer() =>
        Assert.Equal(
            ["src/ShantingEId/Crypto/Sm2PrivateKey.cs", "src/ShantingEId/Crypto/Sm2PublicKey.cs"],
            FilesWith("SM2" + "Signer"));

    // GMNamedCurves hands out the slow instance of the curve.
    [Fact]
    public void Only_one_file_chooses_the_curve()
    {
        Assert.Empty(FilesWith("GMNamed" + "Curves"));
        Assert.Equal(["src/ShantingEId/Crypto/Sm2Curve.cs"], FilesWith("CustomNamed" + "Curves.GetBy"));
    }

    [Fact]
    public void Every_use_of_the_raw_signer_gets_the_ID()
    {
        foreach (var file in FilesWith("SM2" + "Signer"))
        {
            var text = File.ReadAllText(Path.Combine(SharedData.SolutionFolder()!, file));
            Assert.Contains("ParametersWithID(", text, StringComparison.Ordinal);
            Assert.Contains("Sm2Curve.DefaultUserId", text, StringComparison.Ordinal);
        }
    }

    // The platform's chain building does not know SM2 IDs and gives wrong answers, not errors. TLS certificates are ECDSA,
    // and there it is right.
    [Fact]
    public void Only_TLS_uses_the_platforms_chain_building() =>
        Assert.Equal(
            [
                "src/ShantingEId.Client/EidChannel.cs", "src/ShantingEId.Server/Callers/CallerAuthenticator.cs", "src/ShantingEId.Server/Neighbours/NeighbourSource.cs",
                "src/ShantingEId.Tool/Bench/Hot/HotServer.cs",
            ],
            FilesWith("X509" + "Chain"));

    private static string[] FilesWith(string word)
    {
        var root = SharedData.SolutionFolder();
        Assert.SkipWhen(root is null, "run from a copy without the sources");
        // The benchmarks hold our figures against the bare library, which is what this rule forbids elsewhere.
        var files = Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "BareSm2.cs").ToList();
        Assert.True(files.Count > 20);
        return [.. files.Where(file => File.ReadAllText(file).Contains(word, StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }
}
