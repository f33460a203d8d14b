using System.Globalization;
using System.Text;

namespace Sidecar.Runtime.Expressions.Syntax;

/// <summary>Text literals: single or triple quotes of either sort, <c>r</c> before them for raw ones.</summary>
internal static class TextLiteral
{
    /// <summary>Reads the literal at <paramref name="at"/> and moves past it; false when none begins there.</summary>
    public static bool TryRead(string text, ref int at, out string value)
    {
        value = "";
        var quote = at;
        while (quote < text.Length && quote - at < 2 && text[quote] is 'r' or 'R' or 'b' or 'B')
            quote++;
        if (quote >= text.Length || text[quote] is not ('"' or '\''))
            return false;
        var prefix = text[at..quote];
        if (prefix.Contains('b', StringComparison.OrdinalIgnoreCase))
            throw new ExpressionSyntaxException(at + 1, "byte literals are not supported");
        var closing = new string(text[quote], text.AsSpan(quote).StartsWith(new string(text[quote], 3), StringComparison.Ordinal) ? 3 : 1);
        var index = quote + closing.Length;
        var result = new StringBuilder();
        while (string.CompareOrdinal(text, index, closing, 0, closing.Length) != 0)
        {
            if (index >= text.Length || (closing.Length == 1 && text[index] is '\n' or '\r'))
                throw new ExpressionSyntaxException(at + 1, "the text is not closed");
            if (text[index] == '\\' && prefix.Length == 0)
                Escape(text, ref index, result);
            else
                result.Append(text[index++]);
        }

        at = index + closing.Length;
        value = result.ToString();
        return true;
    }

    private static void Escape(string text, ref int index, StringBuilder result)
    {
        var column = index + 1;
        var letter = index + 1 < text.Length ? text[index + 1] : '\0';
        index += 2;
        switch (letter)
        {
            case 'x' or 'X':
                CodePoint(text, ref index, 2, 16, column, result);
                break;
            case 'u':
                CodePoint(text, ref index, 4, 16, column, result);
                break;
            case 'U':
                CodePoint(text, ref index, 8, 16, column, result);
                break;
            case >= '0' and <= '3':
                index--;
                CodePoint(text, ref index, 3, 8, column, result);
                break;
            default:
                result.Append(Single(letter) ?? throw new ExpressionSyntaxException(column, "unknown escape; use a raw text r'…' for a backslash that means itself"));
                break;
        }
    }

    private static char? Single(char letter) => letter switch
    {
        'a' => '\a',
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\v',
        '\\' or '?' or '"' or '\'' or '`' => letter,
        _ => null,
    };

    private static void CodePoint(string text, ref int index, int digits, int radix, int column, StringBuilder result)
    {
        uint point = 0;
        for (var end = index + digits; index < end; index++)
        {
            var digit = index < text.Length && char.IsAsciiHexDigit(text[index]) ? uint.Parse(text.AsSpan(index, 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : 16;
            if (digit >= radix)
                throw new ExpressionSyntaxException(column, $"expected {digits} {(radix == 8 ? "octal" : "hexadecimal")} digits");
            point = (point * (uint)radix) + digit;
        }

        if (!Rune.TryCreate(point, out var rune))
            throw new ExpressionSyntaxException(column, $"U+{point:X4} is not a character");
        result.Append(rune.ToString());
    }
}
