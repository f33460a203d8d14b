using System.Globalization;
using Sidecar.Components.Scheduling;

namespace Sidecar.Components.Tests.Scheduling;

public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("* * * * *", "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z")]
    [InlineData("*/5 * * * * *", "2026-01-01T00:00:31Z", "2026-01-01T00:00:35Z")]
    [InlineData("0 30 8-10/2 * * *", "2026-01-01T08:30:00Z", "2026-01-01T10:30:00Z")]
    [InlineData("15 10 * * mon-FRI", "2026-01-02T10:15:00Z", "2026-01-05T10:15:00Z")]
    [InlineData("0 0 1,15 * *", "2026-01-02T00:00:00Z", "2026-01-15T00:00:00Z")]
    [InlineData("0 12 ? feb-Mar ?", "2026-01-02T00:00:00Z", "2026-02-01T12:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-01-02T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 31 */3 *", "2026-01-31T00:00:00Z", "2026-07-31T00:00:00Z")]
    [InlineData("7/20 * * * *", "2026-01-01T00:07:00Z", "2026-01-01T00:27:00Z")]
    [InlineData("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("0 0 13 * */2", "2026-01-11T00:00:00Z", "2026-01-13T00:00:00Z")]
    [InlineData("0 0 */1 * 5", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z")]
    [InlineData("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")]
    [InlineData("@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("@midnight", "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("@monthly", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@annually", "2026-05-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@every 1h30m", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z")]
    [InlineData("@every 2s", "2026-01-01T00:00:00.7Z", "2026-01-01T00:00:02Z")]
    [InlineData("@every 10ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z")]
    [InlineData("@every 2500ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z")]
    [InlineData("CRON_TZ=UTC 0 8 * * *", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00Z")]
    [InlineData("TZ=UTC @daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("CRON_TZ=Local 0 8 * * *", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00Z")]
    public void The_next_time_is_the_first_that_matches(string text, string after, string expected) =>
        Assert.Equal(Time(expected), Parse(text, TimeZoneInfo.Utc).Next(Time(after)));

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 4,6 *")]
    public void A_date_that_never_comes_has_no_next_time(string text) => Assert.Null(Parse(text, TimeZoneInfo.Utc).Next(Time("2026-01-01T00:00:00Z")));

    [Theory]
    [InlineData("30 2 * * *", "2026-03-28T12:00:00+01:00", "2026-03-30T02:30:00+02:00")] // 2026-03-29 has no 2:30
    [InlineData("30 3 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T03:30:00+02:00")]
    [InlineData("0 3 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00")]
    [InlineData("0 */1 * * *", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00")]
    [InlineData("30 2 * * *", "2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00")]
    [InlineData("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")] // shown twice
    [InlineData("30 2 * * *", "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00")]
    [InlineData("0 2 * * *", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00")] // the second of the change
    [InlineData("@daily", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00")]
    public void Local_times_that_are_skipped_do_not_come_and_those_shown_twice_come_twice(string text, string after, string expected) =>
        Assert.Equal(Time(expected), Parse(text, Zones.Central).Next(Time(after)));

    [Fact]
    public void A_zone_may_be_named()
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById("Asia/Tokyo", out _))
            Assert.Skip("this machine knows no time zones");

        Assert.Equal(Time("2026-01-01T08:00:00+09:00"), Parse("CRON_TZ=Asia/Tokyo 0 8 * * *", Zones.Central).Next(Time("2025-12-31T20:00:00Z")));
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("CRON_TZ=UTC", "it is empty")]
    [InlineData("* * * *", "'* * * *' has 4 fields, expected 5, or 6 with seconds first")]
    [InlineData("* * * * * * *", "has 7 fields")]
    [InlineData("60 * * * *", "'60' is no minute; expected 0 to 59, ranges such as 0-3, steps such as */5, or a list of these")]
    [InlineData("* 24 * * *", "'24' is no hour")]
    [InlineData("* * 0 * *", "'0' is no day of month")]
    [InlineData("* * * 13 *", "'13' is no month; expected 1 to 12 or jan to dec")]
    [InlineData("* * * * 7", "'7' is no day of week")]
    [InlineData("* * * * monday", "'monday' is no day of week")]
    [InlineData("5-1 * * * *", "'5-1' is no minute")]
    [InlineData("1-2-3 * * * *", "'1-2-3' is no minute")]
    [InlineData("*/0 * * * *", "'*/0' is no minute")]
    [InlineData("*/2/2 * * * *", "'*/2/2' is no minute")]
    [InlineData("*/-1 * * * *", "'*/-1' is no minute")]
    [InlineData("-1 * * * *", "'-1' is no minute")]
    [InlineData("*-5 * * * *", "'*-5' is no minute")]
    [InlineData(", * * * *", "',' names no minute")]
    [InlineData("99999999999 * * * *", "'99999999999' is no minute")]
    [InlineData("@fortnightly", "'@fortnightly' is none of @yearly")]
    [InlineData("@every", "'@every' is none of")]
    [InlineData("@every soon", "'soon' is no duration such as 30s or 1h15m")]
    [InlineData("CRON_TZ=Middle/Earth * * * * *", "there is no time zone 'Middle/Earth' on this machine")]
    public void What_is_no_schedule_is_told(string text, string problem)
    {
        Assert.False(CronSchedule.TryParse(text, TimeZoneInfo.Utc, out var schedule, out var told));
        Assert.Null(schedule);
        Assert.Contains(problem, told, StringComparison.Ordinal);
    }

    internal static CronSchedule Parse(string text, TimeZoneInfo zone) =>
        CronSchedule.TryParse(text, zone, out var schedule, out var problem) ? schedule : throw new ArgumentException($"{text}: {problem}");

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
