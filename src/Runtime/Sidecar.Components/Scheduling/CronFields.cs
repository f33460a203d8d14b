using System.Globalization;

namespace Sidecar.Components.Scheduling;

/// <summary>
/// A schedule of five or six fields. It holds at every second whose local time matches them all: a local time that the clocks
/// skip does not come, and one that they show twice comes twice.
/// </summary>
internal sealed class CronFields(CronField[] fields, TimeZoneInfo zone) : CronSchedule
{
    private const int YearsAhead = 5;

    // No zone changes its offset and back within this time.
    private static readonly TimeSpan Stride = TimeSpan.FromHours(6);

    private readonly CronField _second = fields[0], _minute = fields[1], _hour = fields[2], _dayOfMonth = fields[3], _month = fields[4], _dayOfWeek = fields[5];

    public static CronFields? TryParse(string text, TimeZoneInfo zone, out string? problem)
    {
        var parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
        {
            problem = string.Create(CultureInfo.InvariantCulture, $"'{text}' has {parts.Length} fields, expected 5, or 6 with seconds first");
            return null;
        }

        if (parts.Length == 5)
            parts = ["0", .. parts];
        var fields = new CronField[parts.Length];
        for (var index = 0; index < parts.Length; index++)
        {
            if (!CronField.TryParse(parts[index], CronField.Ranges[index], out fields[index], out problem))
                return null;
        }

        problem = null;
        return new CronFields(fields, zone);
    }

    /// <summary>
    /// Within a stretch of one offset, local time is plain calendar arithmetic: (1) find the next matching local time as if the
    /// offset held for ever; (2) if it does hold until then, that is it; (3) else go on from where it changes.
    /// </summary>
    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        var now = new DateTime(after.UtcTicks - (after.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        var limit = now.Year + YearsAhead;
        while (true)
        {
            // 1.
            var offset = zone.GetUtcOffset(now);
            if (NextLocal(DateTime.SpecifyKind(now + offset, DateTimeKind.Unspecified), limit) is not { } local)
                return null;
            var candidate = DateTime.SpecifyKind(local - offset, DateTimeKind.Utc);

            // 2.
            if (OffsetChange(now, candidate, offset) is not { } change)
                return new DateTimeOffset(candidate);

            // 3. The search goes on after the second of the change, so that one is looked at here.
            if (Matches(change + zone.GetUtcOffset(change)))
                return new DateTimeOffset(change);
            now = change;
        }
    }

    /// <summary>The first second in (from, to] at which the zone has another offset; null if there is none.</summary>
    private DateTime? OffsetChange(DateTime from, DateTime to, TimeSpan offset)
    {
        for (var same = from; same < to;)
        {
            var other = to - same > Stride ? same + Stride : to;
            if (zone.GetUtcOffset(other) == offset)
            {
                same = other;
                continue;
            }

            while ((other - same).Ticks > TimeSpan.TicksPerSecond)
            {
                var middle = same.AddSeconds((long)((other - same).TotalSeconds / 2));
                if (zone.GetUtcOffset(middle) == offset)
                    same = middle;
                else
                    other = middle;
            }

            return other;
        }

        return null;
    }

    private bool Matches(DateTime local) =>
        _month.Has(local.Month) && IsDay(local) && _hour.Has(local.Hour) && _minute.Has(local.Minute) && _second.Has(local.Second);

    // A field of days that is a star leaves the choice to the other; two that both say something are alternatives.
    private bool IsDay(DateTime local)
    {
        var (byMonth, byWeek) = (_dayOfMonth.Has(local.Day), _dayOfWeek.Has((int)local.DayOfWeek));
        return _dayOfMonth.IsStar || _dayOfWeek.IsStar ? byMonth && byWeek : byMonth || byWeek;
    }

    /// <summary>The first matching time after <paramref name="local"/>, until the end of that year.</summary>
    private DateTime? NextLocal(DateTime local, int lastYear)
    {
        var time = local.AddSeconds(1);
        while (time.Year <= lastYear)
        {
            if (!_month.Has(time.Month))
                time = new DateTime(time.Year, time.Month, 1).AddMonths(1);
            else if (!IsDay(time))
                time = time.Date.AddDays(1);
            else if (!_hour.Has(time.Hour))
                time = time.Date.AddHours(time.Hour + 1);
            else if (!_minute.Has(time.Minute))
                time = time.AddSeconds(60 - time.Second);
            else if (!_second.Has(time.Second))
                time = time.AddSeconds(1);
            else
                return time;
        }

        return null;
    }
}
