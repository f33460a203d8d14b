using System.Buffers;
using System.Text;

namespace Sidecar.Grpc;

/// <summary>
/// The text of <c>grpc-message</c>: UTF-8, of which all but printable ASCII, and the percent sign, is written as %XX.
/// Specification: PROTOCOL-HTTP2, "Status-Message".
/// </summary>
internal static class PercentEncoding
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(Printable());

    public static string Encode(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Plain))
            return text;

        var encoded = new StringBuilder(text.Length + 16);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (Plain.Contains((char)value))
                encoded.Append((char)value);
            else
                encoded.Append('%').Append(Hex(value >> 4)).Append(Hex(value & 15));
        }

        return encoded.ToString();
    }

    /// <summary>Never fails: what is no %XX stays as it is, because a message must not get lost for its form.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;

        var from = Encoding.UTF8.GetBytes(text);
        var to = 0;
        for (var at = 0; at < from.Length; at++, to++)
        {
            from[to] = from[at];
            if (from[at] != '%' || at + 2 >= from.Length || !char.IsAsciiHexDigit((char)from[at + 1]) || !char.IsAsciiHexDigit((char)from[at + 2]))
                continue;
            from[to] = (byte)((Digit(from[at + 1]) << 4) | Digit(from[at + 2]));
            at += 2;
        }

        return Encoding.UTF8.GetString(from, 0, to);
    }

    private static char Hex(int digit) => "0123456789ABCDEF"[digit];

    private static int Digit(byte hex) => hex <= '9' ? hex - '0' : (hex & 7) + 9;

    private static string Printable()
    {
        var plain = new StringBuilder();
        for (var value = ' '; value <= '~'; value++)
        {
            if (value != '%')
                plain.Append(value);
        }

        return plain.ToString();
    }
}
