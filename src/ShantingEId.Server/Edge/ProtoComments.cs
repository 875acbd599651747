using System.Collections.Frozen;
using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using ShantingEId.V1;

namespace ShantingEId.Server.Edge;

/// <summary>Comments of the protos, by full name; the compiler leaves them beside the generated code.</summary>
internal static class ProtoComments
{
    private static readonly FrozenDictionary<string, string> ByName = Read();

    /// <summary>The comment above an item; empty when there is none.</summary>
    public static string Of(IDescriptor item) => ByName.GetValueOrDefault(item.FullName, "");

    /// <summary>The comment above a value of an enum.</summary>
    public static string Of(EnumDescriptor type, EnumValueDescriptor value) => ByName.GetValueOrDefault($"{type.FullName}.{value.Name}", "");

    private static FrozenDictionary<string, string> Read()
    {
        var comments = new Dictionary<string, string>();
        var assembly = typeof(IssuanceService).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".protoset", StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            foreach (var file in FileDescriptorSet.Parser.ParseFrom(stream).File)
            {
                foreach (var location in file.SourceCodeInfo.Location.Where(location => location.HasLeadingComments))
                {
                    if (NameOf(file, location.Path) is { } name)
                    {
                        comments[name] = string.Join(' ', location.LeadingComments.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
                    }
                }
            }
        }

        return comments.ToFrozenDictionary();
    }

    // A path goes by field numbers of descriptor.proto and indexes, in turn.
    private static string? NameOf(FileDescriptorProto file, RepeatedField<int> path)
    {
        var (name, at) = (file.Package, (object)file);
        for (var i = 0; i + 1 < path.Count; i += 2)
        {
            var index = path[i + 1];
            object? inner = (at, path[i]) switch
            {
                (FileDescriptorProto here, 4) => here.MessageType[index],
                (FileDescriptorProto here, 5) => here.EnumType[index],
                (FileDescriptorProto here, 6) => here.Service[index],
                (DescriptorProto here, 2) => here.Field[index],
                (DescriptorProto here, 3) => here.NestedType[index],
                (DescriptorProto here, 4) => here.EnumType[index],
                (DescriptorProto here, 8) => here.OneofDecl[index],
                (EnumDescriptorProto here, 2) => here.Value[index],
                (ServiceDescriptorProto here, 2) => here.Method[index],
                _ => null,
            };
            if (inner is null)
            {
                return null;
            }

            // Values of an enum are named beside it, not within it; here each is wanted under its own enum.
            name += "." + inner switch
            {
                DescriptorProto each => each.Name, FieldDescriptorProto each => each.Name, EnumDescriptorProto each => each.Name, EnumValueDescriptorProto each => each.Name,
                ServiceDescriptorProto each => each.Name, MethodDescriptorProto each => each.Name, OneofDescriptorProto each => each.Name, _ => "",
            };
            at = inner;
        }

        return path.Count % 2 == 0 ? name : null;
    }
}
