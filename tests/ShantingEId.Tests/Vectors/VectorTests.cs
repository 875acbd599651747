namespace ShantingEId.Tests.Vectors;

/// <summary>The published vectors are those that the maker makes, to the byte; <c>EID_VECTORS_MAKE=1</c> writes them anew.</summary>
public sealed class VectorTests
{
    [Fact]
    public void The_published_set_is_the_one_that_is_made()
    {
        var made = VectorSet.Make();
        foreach (var (path, pem) in VectorKeys.Bundles())
        {
            made.Add(path, System.Text.Encoding.ASCII.GetBytes(pem));
        }

        if (Environment.GetEnvironmentVariable("EID_VECTORS_MAKE") == "1")
        {
            foreach (var old in Published().Where(path => !made.ContainsKey(path)))
            {
                File.Delete(Path.Combine(VectorKeys.Folder, old));
            }

            foreach (var (path, bytes) in made)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(VectorKeys.Folder, path))!);
                File.WriteAllBytes(Path.Combine(VectorKeys.Folder, path), bytes);
            }
        }

        Assert.Equal(made.Keys, Published().Order(StringComparer.Ordinal));
        Assert.All(made, file => Assert.True(file.Value.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(VectorKeys.Folder, file.Key))), file.Key));
    }

    // Single certificates are made once and not again.
    private static IEnumerable<string> Published() => Directory.GetFiles(VectorKeys.Folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(VectorKeys.Folder, path).Replace('\\', '/')).Where(path => !path.EndsWith(".crt", StringComparison.Ordinal) && !path.EndsWith(".md", StringComparison.Ordinal));
}
