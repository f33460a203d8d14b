using System.Globalization;

namespace Sidecar.Components;

/// <summary>Sizes such as <c>4Mi</c>, <c>512k</c> or <c>1000</c>: a whole number of bytes with a decimal (k, M, G) or binary (Ki, Mi, Gi) suffix.</summary>
public static class Quantity
{
    private static readonly (string Suffix, long Scale)[] Suffixes =
    [
        ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000),
    ];

    public static bool TryParse(string text, out long bytes)
    {
        var number = text.AsSpan().Trim();
        var scale = 1L;
        foreach (var (suffix, factor) in Suffixes)
        {
            if (number.EndsWith(suffix, StringComparison.Ordinal))
            {
                number = number[..^suffix.Length];
                scale = factor;
                break;
            }
        }

        if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out bytes) || Math.Abs(bytes) > long.MaxValue / scale)
            return false;
        bytes *= scale;
        return true;
    }
}
