using System.CommandLine;
using ShantingEId.Issuing;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary>Names a set the way people have it at hand: a credit code, a licence id, or the resource name.</summary>
internal static class NameArgument
{
    public static Argument<string> Create() => new("NAME") { Description = "统一社会信用代码（取该企业现行的一套），或证照标识（1.2.156.3005.2.…）" };

    /// <summary>The resource name; a code that cannot exist is found here, before anything is sent.</summary>
    public static string Of(string text) => RegisterName.Parse(text.StartsWith("issuedSets/", StringComparison.Ordinal) ? text : "issuedSets/" + text).ToString();
}
