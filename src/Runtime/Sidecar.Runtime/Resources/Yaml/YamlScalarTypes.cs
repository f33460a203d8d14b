using System.Globalization;
using System.Text.RegularExpressions;

namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>
/// What a scalar without quotes means. Dapr reads its files with a YAML 1.1 parser (go-yaml v2), so <c>yes</c> and <c>on</c>
/// are booleans and <c>010</c> is eight.
/// </summary>
internal static partial class YamlScalarTypes
{
    public static object? Resolve(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => true,
        "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => false,
        ".nan" or ".NaN" or ".NAN" => double.NaN,
        ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" => double.PositiveInfinity,
        "-.inf" or "-.Inf" or "-.INF" => double.NegativeInfinity,
        _ => char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.' ? Number(text) : text,
    };

    private static object Number(string text)
    {
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        var negative = plain.StartsWith('-');
        var digits = plain.AsSpan(negative || plain.StartsWith('+') ? 1 : 0);
        if (Integer(digits) is { } magnitude)
        {
            if (!negative)
                return magnitude <= long.MaxValue ? (long)magnitude : magnitude;
            if (magnitude <= long.MaxValue + 1UL)
                return unchecked(-(long)magnitude);
        }

        return FloatPattern.IsMatch(plain) && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : text;
    }

    private static ulong? Integer(ReadOnlySpan<char> digits) => digits switch
    {
        ['0', 'x' or 'X', .. var hexadecimal] => InRadix(hexadecimal, 16),
        ['0', 'b' or 'B', .. var binary] => InRadix(binary, 2),
        ['0', 'o' or 'O', .. var octal] => InRadix(octal, 8),
        ['0', _, ..] => InRadix(digits[1..], 8),
        _ => InRadix(digits, 10),
    };

    private static ulong? InRadix(ReadOnlySpan<char> digits, uint radix)
    {
        ulong value = 0;
        foreach (var character in digits)
        {
            if (!char.IsAsciiHexDigit(character) || Convert.ToUInt32(character.ToString(), 16) is var digit && digit >= radix)
                return null;
            if (value > (ulong.MaxValue - digit) / radix)
                return null;
            value = (value * radix) + digit;
        }

        return digits.IsEmpty ? null : value;
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex FloatPattern { get; }
}
