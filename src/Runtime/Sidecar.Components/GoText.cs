using System.Globalization;

namespace Sidecar.Components;

/// <summary>Text forms that Dapr's files and API take from Go: durations and the words that count as true.</summary>
public static class GoText
{
    /// <summary>y, yes, t, true, on and 1 in any case, surrounding blanks ignored.</summary>
    public static bool IsTruthy(string? text) => text?.Trim().ToLowerInvariant() is "y" or "yes" or "t" or "true" or "on" or "1";

    /// <summary>
    /// A Go duration: an optional sign and one or more decimal numbers, each with a unit of ns, us (µs), ms, s, m or h;
    /// <c>0</c> alone needs no unit.
    /// </summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        duration = default;
        var rest = text.AsSpan();
        var sign = 1;
        if (rest is ['-' or '+', ..])
        {
            sign = rest[0] == '-' ? -1 : 1;
            rest = rest[1..];
        }

        if (rest is "0")
            return true;
        if (rest.IsEmpty)
            return false;

        double ticks = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;
            rest = rest[digits..];
            var length = rest.IndexOfAny("0123456789.");
            var unit = length < 0 ? rest : rest[..length];
            double scale = unit switch
            {
                "ns" => 0.01,
                "us" or "µs" or "μs" => TimeSpan.TicksPerMicrosecond,
                "ms" => TimeSpan.TicksPerMillisecond,
                "s" => TimeSpan.TicksPerSecond,
                "m" => TimeSpan.TicksPerMinute,
                "h" => TimeSpan.TicksPerHour,
                _ => 0,
            };
            if (scale == 0)
                return false;
            ticks += number * scale;
            rest = rest[unit.Length..];
        }

        if (ticks > long.MaxValue)
            return false;
        duration = TimeSpan.FromTicks(sign * (long)Math.Round(ticks));
        return true;
    }

    /// <summary>As Go prints it: <c>1h0m5s</c>, <c>1.5s</c>, <c>500ms</c>, <c>0s</c>.</summary>
    public static string Duration(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
            return $"-{Duration(duration.Negate())}";
        if (duration < TimeSpan.FromSeconds(1) && duration > TimeSpan.Zero)
        {
            return duration < TimeSpan.FromMilliseconds(1)
                ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMicroseconds:0.###}µs")
                : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.######}ms");
        }

        var seconds = (duration.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond;
        var text = string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#######}s");
        if (duration >= TimeSpan.FromMinutes(1))
            text = $"{duration.Minutes}m{text}";
        return duration >= TimeSpan.FromHours(1) ? string.Create(CultureInfo.InvariantCulture, $"{(long)duration.TotalHours}h{text}") : text;
    }
}
