using System.Text.Json;

namespace ShantingEId.Server.Rpc;

/// <summary>Names of enum values on the wire.</summary>
internal static class JsonNames
{
    /// <summary><c>QrNotCanonical</c> → <c>QR_NOT_CANONICAL</c>.</summary>
    public static string UpperSnake(string name) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(name);
}
