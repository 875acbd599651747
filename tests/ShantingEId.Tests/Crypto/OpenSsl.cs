using System.Diagnostics;

namespace ShantingEId.Tests.Crypto;

/// <summary>Runs the openssl command, a second implementation by other people; tests skip where it is missing.</summary>
internal sealed class OpenSsl : IDisposable
{
    private static readonly Lazy<string> Version = new(AskVersion);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("eid-openssl-");

    /// <summary>Skips the calling test unless OpenSSL 3 or later with SM2 answers.</summary>
    public static OpenSsl Require()
    {
        var openSsl = new OpenSsl();
        var version = Version.Value;
        var usable = version.StartsWith("OpenSSL ", StringComparison.Ordinal) && version.Length > 8 && version[8] is >= '3' and <= '9';
        if (!usable)
        {
            openSsl.Dispose();
        }

        Assert.SkipUnless(usable, $"the openssl command is missing or older than 3: {version}");
        return openSsl;
    }

    /// <summary>Writes a file for the command to read and says where.</summary>
    public string Write(string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string WriteCertificate(string name, ReadOnlySpan<byte> der) =>
        Write(name, System.Text.Encoding.ASCII.GetBytes(System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", der)));

    public (int Code, string Output) Run(params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo("openssl") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    private static string AskVersion()
    {
        using var openSsl = new OpenSsl();
        try
        {
            return openSsl.Run("version").Output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }

    public void Dispose() => folder.Delete(recursive: true);
}
