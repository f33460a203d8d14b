using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Sidecar.Components.Redis;

/// <summary>
/// JSON as Dapr writes it for Redis alone: numbers up to 83,886,079 (0x4ffffff) with six decimals at most, and
/// <c>&lt; &gt; &amp;</c> as they are.
/// </summary>
internal static class RedisJson
{
    private const double LargestRounded = 0x4ffffff;
    private const ulong Millionths = 1_000_000;

    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> NumberBytes = SearchValues.Create("0123456789+-.eE"u8);
    private static readonly SearchValues<byte> FractionBytes = SearchValues.Create(".eE"u8);
    private static readonly SearchValues<byte> Interesting = SearchValues.Create("\"-0123456789"u8);

    /// <param name="json">Well-formed, without insignificant white space, and with <c>&lt; &gt; &amp;</c> escaped or not.</param>
    public static ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> json)
    {
        var text = json.Span;
        ArrayBufferWriter<byte>? changed = null;
        var copied = 0;
        for (var at = 0; at < text.Length && text[at..].IndexOfAny(Interesting) is >= 0 and var next;)
        {
            at += next;
            if (text[at] != '"')
            {
                var length = text[at..].IndexOfAnyExcept(NumberBytes) is >= 0 and var end ? end : text.Length - at;
                if (TryRound(text.Slice(at, length), out var rounded))
                    Replace(text, at, length, Encoding.ASCII.GetBytes(rounded), ref changed, ref copied);
                at += length;
                continue;
            }

            for (at++; text[at..].IndexOfAny(StringEnds) is >= 0 and var found; at++)
            {
                at += found;
                if (text[at] == '"')
                    break;
                if (Unescaped(text[at..]) is { } plain)
                {
                    Replace(text, at, 6, [plain], ref changed, ref copied);
                    at += 4;
                }

                at++;
            }

            at++;
        }

        if (changed is null)
            return json;
        changed.Write(text[copied..]);
        return changed.WrittenMemory;
    }

    private static void Replace(ReadOnlySpan<byte> text, int at, int length, ReadOnlySpan<byte> by, ref ArrayBufferWriter<byte>? changed, ref int copied)
    {
        changed ??= new ArrayBufferWriter<byte>(text.Length);
        changed.Write(text[copied..at]);
        changed.Write(by);
        copied = at + length;
    }

    private static byte? Unescaped(ReadOnlySpan<byte> escape) => escape switch
    {
        [_, (byte)'u', (byte)'0', (byte)'0', (byte)'3', (byte)'c' or (byte)'C', ..] => (byte)'<',
        [_, (byte)'u', (byte)'0', (byte)'0', (byte)'3', (byte)'e' or (byte)'E', ..] => (byte)'>',
        [_, (byte)'u', (byte)'0', (byte)'0', (byte)'2', (byte)'6', ..] => (byte)'&',
        _ => null,
    };

    private static bool TryRound(ReadOnlySpan<byte> number, out string rounded)
    {
        rounded = "";
        if (number.IndexOfAny(FractionBytes) < 0 || !Utf8Parser.TryParse(number, out double value, out _) || Math.Abs(value) > LargestRounded)
            return false;
        var scaled = (ulong)((Math.Abs(value) * Millionths) + 0.5);
        var whole = (scaled / Millionths).ToString(CultureInfo.InvariantCulture);
        var fraction = (scaled % Millionths).ToString("D6", CultureInfo.InvariantCulture).TrimEnd('0');
        rounded = $"{(value < 0 ? "-" : "")}{whole}{(fraction.Length > 0 ? "." : "")}{fraction}";
        return true;
    }
}
