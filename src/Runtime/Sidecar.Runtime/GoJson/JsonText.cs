using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Sidecar.Runtime.GoJson;

/// <summary>
/// Strings of a JSON text as Go decodes them: a lone surrogate or a byte that is not UTF-8 becomes U+FFFD, where
/// <see cref="Utf8JsonReader.GetString"/> throws.
/// </summary>
internal static class JsonText
{
    private static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    /// <summary>The string or property name the reader stands on; null for a JSON null.</summary>
    public static string? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (!reader.ValueIsEscaped)
            return Encoding.UTF8.GetString(reader.ValueSpan);

        var rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        var text = Encoding.UTF8.GetString(rented, 0, Unescape(reader.ValueSpan, rented));
        ArrayPool<byte>.Shared.Return(rented);
        return text;
    }

    /// <summary>
    /// The body itself, or a repaired copy if it is not UTF-8 throughout, so that all that follows may take UTF-8 for granted.
    /// </summary>
    public static ReadOnlySpan<byte> Repair(ReadOnlySpan<byte> body) =>
        Utf8.IsValid(body) ? body : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body));

    /// <summary>Undoes the escapes of a JSON string (valid, without its quotes); returns the length, never more than went in.</summary>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> destination)
    {
        var length = 0;
        while (!escaped.IsEmpty)
        {
            var plain = escaped.IndexOf((byte)'\\');
            plain = plain < 0 ? escaped.Length : plain;
            escaped[..plain].CopyTo(destination[length..]);
            length += plain;
            escaped = escaped[plain..];
            if (!escaped.IsEmpty)
                escaped = UnescapeOne(escaped, destination, ref length);
        }

        return length;
    }

    private static ReadOnlySpan<byte> UnescapeOne(ReadOnlySpan<byte> escaped, Span<byte> destination, scoped ref int length)
    {
        if (escaped[1] != 'u')
        {
            destination[length++] = escaped[1] switch
            {
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                var itself => itself,
            };
            return escaped[2..];
        }

        var first = (char)Hex(escaped[2..6]);
        escaped = escaped[6..];
        Rune rune;
        if (char.IsHighSurrogate(first) && escaped is [(byte)'\\', (byte)'u', ..] && char.IsLowSurrogate((char)Hex(escaped[2..6])))
        {
            rune = new Rune(first, (char)Hex(escaped[2..6]));
            escaped = escaped[6..];
        }
        else if (!Rune.TryCreate(first, out rune))
        {
            Replacement.CopyTo(destination[length..]);
            length += Replacement.Length;
            return escaped;
        }

        length += rune.EncodeToUtf8(destination[length..]);
        return escaped;
    }

    private static int Hex(ReadOnlySpan<byte> digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
