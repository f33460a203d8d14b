using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Sidecar.Runtime.GoJson;

/// <summary>
/// Prints numbers as Go prints a float64, which is what every JSON number is once Dapr has decoded it: the fewest digits
/// that read back as the same number, in plain or exponent notation by the range.
/// </summary>
internal static class GoNumber
{
    /// <summary>The longest output: 21 digits, or a sign, 17 digits, a point and an exponent.</summary>
    public const int MaxLength = 32;

    /// <summary>As in JSON text; false if the number is beyond a float64, which Go refuses to decode.</summary>
    public static bool TryFormatJson(ReadOnlySpan<byte> number, Span<byte> destination, out int written)
    {
        written = 0;
        if (!Utf8Parser.TryParse(number, out double value, out var consumed) || consumed != number.Length || !double.IsFinite(value))
            return false;
        var magnitude = Math.Abs(value);
        var useExponent = magnitude != 0 && magnitude is < 1e-6 or >= 1e21;
        written = Encoding.UTF8.GetBytes(Format(value, useExponent, exponentDigits: 1), destination);
        return true;
    }

    /// <summary>As the verb <c>%v</c> prints it: exponent notation below 1e-4 and from 1e6, with two exponent digits at least.</summary>
    public static string FormatVerb(double value)
    {
        var magnitude = Math.Abs(value);
        return Format(value, magnitude != 0 && magnitude is < 1e-4 or >= 1e6, exponentDigits: 2);
    }

    private static string Format(double value, bool useExponent, int exponentDigits)
    {
        // The round-trip format has the fewest digits; taken apart here because its notation switches elsewhere than Go's.
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var sign = shortest[0] == '-' ? "-" : "";
        var exponent = value == 0 ? 0 : Exponent(shortest);
        var digits = Digits(shortest);
        if (useExponent)
        {
            var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            var exponentText = Math.Abs(exponent).ToString($"D{exponentDigits}", CultureInfo.InvariantCulture);
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{exponentText}";
        }

        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0')
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>The significant digits without point, leading and trailing zeros; one zero for zero.</summary>
    private static string Digits(string shortest)
    {
        var end = shortest.IndexOf('E', StringComparison.Ordinal);
        var mantissa = (end < 0 ? shortest : shortest[..end]).Replace(".", "", StringComparison.Ordinal).Trim('-').Trim('0');
        return mantissa.Length == 0 ? "0" : mantissa;
    }

    /// <summary>Power of ten of the first significant digit.</summary>
    private static int Exponent(string shortest)
    {
        var text = shortest.TrimStart('-');
        var end = text.IndexOf('E', StringComparison.Ordinal);
        var mantissa = end < 0 ? text : text[..end];
        var power = end < 0 ? 0 : int.Parse(text.AsSpan(end + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        point = point < 0 ? mantissa.Length : point;
        var first = mantissa.AsSpan().IndexOfAnyExcept('0', '.');
        return power + (first < point ? point - first - 1 : point - first);
    }
}
