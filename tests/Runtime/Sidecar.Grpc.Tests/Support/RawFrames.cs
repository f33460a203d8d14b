using FsCheck;
using FsCheck.Fluent;
using TestSupport;

namespace Sidecar.Grpc.Tests.Support;

/// <summary>Bodies of calls: frames with true and false lengths, one after the other, with wounds or whole.</summary>
internal static class RawFrames
{
    private const int Longest = 8192;

    private static readonly byte[][] Inserts = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0x0A], [0x80], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x0B], [0x08, 0x01]];

    /// <param name="messages">What is in the frames.</param>
    public static Gen<byte[]> Of(Gen<byte[]> messages)
    {
        var frame = Gen.Frequency(
            (6, messages.Select(message => RawCall.Frame(message))),
            (1, from message in messages from flag in Gen.Choose(1, 3) select RawCall.Frame(message, (byte)flag)),
            (1, from message in messages from length in Gen.Choose(0, Longest) select RawCall.Frame(message, 0, (uint)length)),
            (1, Gen.Elements<byte[]>([], [0, 0, 0], RawCall.Frame([], length: uint.MaxValue), RawCall.Frame([], length: int.MaxValue))));
        var whole = Gen.Frequency((6, frame), (1, from first in frame from second in frame select (byte[])[.. first, .. second]));
        return Gen.Frequency((2, whole), (1, Wounds.Of(whole, Inserts)));
    }

    /// <summary>Fields of the lower numbers, of every wire type, which most messages have.</summary>
    public static Gen<byte[]> Fields(Gen<byte[]> texts, int depth)
    {
        var value = depth == 0 ? texts : Gen.Frequency((2, texts), (1, Fields(texts, depth - 1)));
        var field = Gen.Frequency(
            (4, from number in Gen.Choose(1, 8) from content in value select (byte[])[(byte)((number << 3) | 2), .. Varint(content.Length), .. content]),
            (1, from number in Gen.Choose(1, 8) from content in Gen.Choose(0, int.MaxValue) select (byte[])[(byte)(number << 3), .. Varint(content)]),
            (1, from number in Gen.Choose(1, 8) from type in Gen.Elements(1, 3, 4, 5, 6) from content in Gen.Choose(0, 255).ArrayOf(8) select (byte[])[(byte)((number << 3) | type), .. content.Select(one => (byte)one)]));
        return from count in Gen.Choose(0, 4) from fields in field.ArrayOf(count) select fields.SelectMany(bytes => bytes).ToArray();
    }

    private static byte[] Varint(int value)
    {
        List<byte> bytes = [];
        for (; value > 0x7F; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }
}
