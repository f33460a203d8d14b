using System.Buffers;

namespace Sidecar.Runtime.GoJson;

/// <summary>What Go's JSON encoder escapes: quotes, backslashes, control characters, HTML's <c>&lt; &gt; &amp;</c>, U+2028 and U+2029.</summary>
internal static class GoEscapes
{
    // 0xE2 begins U+2028 and U+2029 among many others; For() looks closer.
    public static readonly SearchValues<byte> FirstBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (byte)code), (byte)'"', (byte)'\\', (byte)'<', (byte)'>', (byte)'&', 0xE2]);

    private static readonly byte[][] ControlCharacters =
        [.. Enumerable.Range(0, 0x20).Select(code => System.Text.Encoding.ASCII.GetBytes($"\\u{code:x4}"))];

    /// <summary>What is written for the first bytes of <paramref name="text"/>, which begins with one of <see cref="FirstBytes"/>.</summary>
    public static ReadOnlySpan<byte> For(ReadOnlySpan<byte> text, out int consumed)
    {
        consumed = 1;
        switch (text[0])
        {
            case (byte)'"': return "\\\""u8;
            case (byte)'\\': return "\\\\"u8;
            case (byte)'\b': return "\\b"u8;
            case (byte)'\f': return "\\f"u8;
            case (byte)'\n': return "\\n"u8;
            case (byte)'\r': return "\\r"u8;
            case (byte)'\t': return "\\t"u8;
            case (byte)'<': return "\\u003c"u8;
            case (byte)'>': return "\\u003e"u8;
            case (byte)'&': return "\\u0026"u8;
            case < 0x20: return ControlCharacters[text[0]];
        }

        if (text is [_, 0x80, 0xA8, ..] or [_, 0x80, 0xA9, ..])
        {
            consumed = 3;
            return text[2] == 0xA8 ? "\\u2028"u8 : "\\u2029"u8;
        }

        return text[..1];
    }
}
