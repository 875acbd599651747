using Google.Protobuf.Reflection;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>Cuts an answer down to the fields a purpose grants: what is not granted is not sent.</summary>
internal static class FieldMask
{
    private const string Seals = "seals";

    /// <summary>Every name a purpose may grant.</summary>
    public static IReadOnlySet<string> Known { get; } =
        new HashSet<string>([.. Enterprise.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name), Seals]);

    /// <summary>Clears what the purpose does not grant.</summary>
    public static void Apply(Verification answer, Purpose purpose)
    {
        if (!purpose.Fields.Contains(Seals))
        {
            answer.Seals.Clear();
        }

        if (answer.License?.Enterprise is not { } enterprise)
        {
            return;
        }

        foreach (FieldDescriptor field in Enterprise.Descriptor.Fields.InDeclarationOrder())
        {
            if (!purpose.Fields.Contains(field.Name))
            {
                field.Accessor.Clear(enterprise);
            }
        }

        // The identifier contains the credit code.
        if (!purpose.Fields.Contains("credit_code"))
        {
            answer.License.LicenseId = "";
        }
    }
}
