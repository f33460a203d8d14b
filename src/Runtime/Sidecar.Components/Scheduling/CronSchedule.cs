using System.Diagnostics.CodeAnalysis;

namespace Sidecar.Components.Scheduling;

/// <summary>
/// When something recurs, in the forms that Dapr takes from Go's cron: five fields (minute, hour, day of month, month, day of
/// week), or six with seconds first; <c>@daily</c> and its like; <c>@every 1h30m</c>. <c>CRON_TZ=Area/City</c> before it names
/// a time zone. Instances do not change.
/// </summary>
public abstract class CronSchedule
{
    private static readonly string[] ZonePrefixes = ["CRON_TZ=", "TZ="];

    /// <param name="text">The schedule.</param>
    /// <param name="local">The zone of a schedule that names none.</param>
    /// <param name="schedule">What was read; null if it is wrong.</param>
    /// <param name="problem">What is wrong, for a person; null if nothing is.</param>
    public static bool TryParse(string text, TimeZoneInfo local, [NotNullWhen(true)] out CronSchedule? schedule, out string? problem)
    {
        schedule = null;
        var rest = text.Trim();
        if (!TryTakeZone(ref rest, ref local, out problem))
            return false;
        if (rest.Length == 0)
            problem = "it is empty";
        else if (rest[0] == '@')
            schedule = FromWord(rest, local, out problem);
        else
            schedule = CronFields.TryParse(rest, local, out problem);
        return schedule is not null;
    }

    /// <summary>The first time after <paramref name="after"/>; null when there is none within five years.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);

    private static bool TryTakeZone(ref string rest, ref TimeZoneInfo zone, out string? problem)
    {
        problem = null;
        var text = rest;
        if (Array.Find(ZonePrefixes, prefix => text.StartsWith(prefix, StringComparison.Ordinal)) is not { } found)
            return true;
        var end = text.IndexOf(' ', StringComparison.Ordinal);
        var name = end < 0 ? text[found.Length..] : text[found.Length..end];
        rest = end < 0 ? "" : text[end..].TrimStart();
        if (name is "Local")
            return true;
        if (name is "" or "UTC")
            zone = TimeZoneInfo.Utc;
        else if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var named))
            zone = named;
        else
            problem = $"there is no time zone '{name}' on this machine";
        return problem is null;
    }

    private static CronSchedule? FromWord(string word, TimeZoneInfo zone, out string? problem)
    {
        const string Every = "@every ";
        problem = null;
        if (word.StartsWith(Every, StringComparison.Ordinal))
        {
            if (GoText.TryParseDuration(word[Every.Length..].Trim(), out var interval))
                return new Interval(interval);
            problem = $"'{word[Every.Length..]}' is no duration such as 30s or 1h15m";
            return null;
        }

        var fields = word switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => null,
        };
        if (fields is not null)
            return CronFields.TryParse(fields, zone, out problem);
        problem = $"'{word}' is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every";
        return null;
    }

    /// <summary>Whole seconds, at least one, counted from the last time.</summary>
    private sealed class Interval(TimeSpan interval) : CronSchedule
    {
        private readonly long _ticks = Math.Max(1, (long)interval.TotalSeconds) * TimeSpan.TicksPerSecond;

        public override DateTimeOffset? Next(DateTimeOffset after)
        {
            var second = after.UtcTicks - (after.UtcTicks % TimeSpan.TicksPerSecond);
            return _ticks <= DateTimeOffset.MaxValue.UtcTicks - second ? new DateTimeOffset(second + _ticks, TimeSpan.Zero) : null;
        }
    }
}
