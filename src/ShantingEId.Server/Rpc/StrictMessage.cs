using Google.Protobuf;

namespace ShantingEId.Server.Rpc;

/// <summary>A sender who means more than we understand must be told, not half obeyed.</summary>
internal static class StrictMessage
{
    /// <summary>Refuses a message that carries fields we do not know, at any depth.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.MalformedRequest"/>.</exception>
    public static void RefuseUnknownFields(IMessage message)
    {
        // The library keeps unknown fields privately; parsing again without them shows by size whether there were any.
        var known = message.Descriptor.Parser.WithDiscardUnknownFields(true).ParseFrom(message.ToByteString());
        if (known.CalculateSize() != message.CalculateSize())
        {
            throw new EidException(ErrorReason.MalformedRequest, "请求含有本服务不认识的字段；请核对接口版本");
        }
    }
}
