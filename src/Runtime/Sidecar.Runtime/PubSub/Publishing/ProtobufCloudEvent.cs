using System.Text.Unicode;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>
/// Tells whether bytes decode as <c>io.cloudevents.v1.CloudEvent</c>, without decoding them. Its fields 1 to 8 are all
/// length-delimited: id, source, spec_version, type (strings), attributes, binary_data, text_data (string), proto_data.
/// </summary>
internal static class ProtobufCloudEvent
{
    private const int LastField = 8;
    private const int LengthDelimited = 2;

    public static bool Decodes(ReadOnlySpan<byte> message)
    {
        while (!message.IsEmpty)
        {
            if (!TryReadVarint(ref message, out var tag) || tag >> 3 is 0 or > 0x1FFF_FFFF || !TryReadField(ref message, tag >> 3, (int)(tag & 7)))
                return false;
        }

        return true;
    }

    private static bool TryReadField(ref ReadOnlySpan<byte> message, ulong field, int wireType)
    {
        if (field <= LastField && wireType != LengthDelimited)
            return false;

        ulong length;
        switch (wireType)
        {
            case 0:
                return TryReadVarint(ref message, out _);
            case 1:
                length = 8;
                break;
            case LengthDelimited when TryReadVarint(ref message, out length):
                break;
            case 5:
                length = 4;
                break;
            default:
                return false;
        }

        if (length > (ulong)message.Length)
            return false;
        var value = message[..(int)length];
        message = message[(int)length..];
        return field is not (1 or 2 or 3 or 4 or 7) || Utf8.IsValid(value);
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (var i = 0; i < message.Length && i < 10; i++)
        {
            value |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
