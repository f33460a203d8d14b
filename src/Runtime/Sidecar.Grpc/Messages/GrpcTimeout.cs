using System.Globalization;

namespace Sidecar.Grpc;

/// <summary><c>grpc-timeout</c>: one to eight digits and a unit. Specification: PROTOCOL-HTTP2, "Timeout".</summary>
internal static class GrpcTimeout
{
    private const int MostDigits = 8;
    private const long Largest = 99_999_999;

    /// <summary>The time in the coarsest unit that loses nothing below a millisecond's worth, rounded up.</summary>
    public static string Format(TimeSpan timeout)
    {
        var microseconds = ((Math.Max(timeout.Ticks, 1) - 1) / TimeSpan.TicksPerMicrosecond) + 1;
        if (microseconds <= Largest)
            return With(microseconds, 'u');
        var milliseconds = (microseconds + 999) / 1000;
        if (milliseconds <= Largest)
            return With(milliseconds, 'm');
        var seconds = (milliseconds + 999) / 1000;
        return seconds <= Largest ? With(seconds, 'S') : With(Math.Min((seconds + 3599) / 3600, Largest), 'H');
    }

    public static bool TryParse(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MostDigits + 1 || !long.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            return false;

        var ticks = text[^1] switch
        {
            'H' => amount * TimeSpan.TicksPerHour,
            'M' => amount * TimeSpan.TicksPerMinute,
            'S' => amount * TimeSpan.TicksPerSecond,
            'm' => amount * TimeSpan.TicksPerMillisecond,
            'u' => amount * TimeSpan.TicksPerMicrosecond,
            'n' => (amount + 99) / 100,
            _ => -1,
        };
        timeout = TimeSpan.FromTicks(ticks);
        return ticks >= 0;
    }

    private static string With(long amount, char unit) => string.Create(CultureInfo.InvariantCulture, $"{amount}{unit}");
}
