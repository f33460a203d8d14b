using System.Globalization;

namespace Sidecar.Runtime.Expressions;

/// <summary>Floating-point numbers as Go writes them: the fewest digits that read back as the same number.</summary>
internal static class GoFloat
{
    /// <summary>As <c>encoding/json</c>: an exponent only below 1e-6 and from 1e21.</summary>
    public static string Json(double number)
    {
        if (!double.IsFinite(number) || number == 0)
            return Special(number);
        var (digits, exponent) = Decompose(number);
        return Sign(number) + (exponent is >= -7 and < 21 && Math.Abs(number) is >= 1e-6 and < 1e21
            ? Fixed(digits, exponent)
            : Scientific(digits, exponent, exponentDigits: 1));
    }

    /// <summary>As <c>strconv.FormatFloat(x, 'g', -1, 64)</c>: an exponent below 1e-4 and from 1e6.</summary>
    public static string General(double number)
    {
        if (!double.IsFinite(number) || number == 0)
            return Special(number);
        var (digits, exponent) = Decompose(number);
        return Sign(number) + (exponent is < -4 or >= 6 ? Scientific(digits, exponent, exponentDigits: 2) : Fixed(digits, exponent));
    }

    private static string Sign(double number) => number < 0 ? "-" : "";

    private static string Special(double number) => number switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        0 => double.IsNegative(number) ? "-0" : "0",
        _ => "NaN",
    };

    /// <summary>Significant digits and the power of ten of the first of them.</summary>
    private static (string Digits, int Exponent) Decompose(double number)
    {
        var parts = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var all = parts[0].Replace(".", "", StringComparison.Ordinal);
        var significant = all.TrimStart('0');
        var exponent = (point < 0 ? all.Length : point) - (all.Length - significant.Length) - 1;
        return (significant.TrimEnd('0'), exponent + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0));
    }

    private static string Fixed(string digits, int exponent)
    {
        if (exponent < 0)
            return "0." + new string('0', -exponent - 1) + digits;
        return digits.Length <= exponent + 1
            ? digits.PadRight(exponent + 1, '0')
            : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static string Scientific(string digits, int exponent, int exponentDigits) =>
        (digits.Length == 1 ? digits : digits[..1] + "." + digits[1..]) + (exponent < 0 ? "e-" : "e+")
        + Math.Abs(exponent).ToString("D" + exponentDigits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
