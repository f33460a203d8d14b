using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace TestSupport;

/// <summary>Cases as they can be put into a test: what cannot be seen is escaped, bytes stand as text and as base64.</summary>
internal static class Printing
{
    private const int Longest = 20_000;

    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => $"\"{Escaped(text)}\"",
        byte[] bytes => $"\"{Escaped(Encoding.Latin1.GetString(bytes))}\" = {Convert.ToBase64String(bytes.AsSpan(0, Math.Min(bytes.Length, Longest)))}",
        ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(index => Of(tuple[index])))})",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Of))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Escaped(string text)
    {
        var escaped = new StringBuilder();
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, Longest)))
        {
            escaped.Append(character switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '"' => "\\\"",
                '\\' => @"\\",
                < ' ' or > '~' => $"\\u{(int)character:x4}",
                _ => character.ToString(),
            });
        }

        return text.Length > Longest ? $"{escaped}… ({text.Length} characters)" : escaped.ToString();
    }
}
