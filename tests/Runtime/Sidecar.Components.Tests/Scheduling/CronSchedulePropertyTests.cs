using System.Globalization;

namespace Sidecar.Components.Tests.Scheduling;

/// <summary>Random schedules in random zones against a reading that looks at every second.</summary>
public sealed class CronSchedulePropertyTests
{
    private const int Days = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_next_time_is_the_first_second_whose_local_time_matches_every_field(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 150; round++)
        {
            // The name of the zone is never asked for, so that nothing depends on the machine.
            var zone = random.Next(3) switch { 0 => TimeZoneInfo.Utc, 1 => Zones.Central, _ => Zones.Midnight };
            Field[] fields =
            [
                Field.Random(random, 0, 59), Field.Random(random, 0, 59), Field.Random(random, 0, 23),
                Field.Random(random, 1, 31), Field.Random(random, 1, 12), Field.Random(random, 0, 6),
            ];
            var text = string.Join(' ', fields.Select(field => field.Text));
            var after = Near(random, zone);

            var expected = LookAtEverySecond(fields, zone, after);
            var next = CronScheduleTests.Parse(text, zone).Next(after);

            if (expected is null)
                Assert.True(next is null || next > after.AddDays(Days - 1), $"{text} in {zone.Id} after {after:o}: {next:o}, where nothing matches");
            else
                Assert.True(next == expected, $"{text} in {zone.Id} after {after:o}: {next:o}, expected {expected:o}");
        }
    }

    // Mostly near a change of the clocks.
    private static DateTimeOffset Near(Random random, TimeZoneInfo zone)
    {
        var year = random.Next(2024, 2030);
        var near = random.Next(3) switch
        {
            0 => new DateTime(year, 1, 1).AddDays(random.Next(365)),
            1 => zone.Id == Zones.Midnight.Id ? new DateTime(year, 2, 8) : new DateTime(year, 3, 23),
            _ => zone.Id == Zones.Midnight.Id ? new DateTime(year, 5, 18) : new DateTime(year, 10, 23),
        };
        return new DateTimeOffset(near.AddMilliseconds(random.Next(3 * 24 * 60 * 60) * 1000L), TimeSpan.Zero);
    }

    // Offsets change at whole minutes, so that a minute is looked at as one first.
    private static DateTimeOffset? LookAtEverySecond(Field[] fields, TimeZoneInfo zone, DateTimeOffset after)
    {
        var (second, minute, hour, day, month, weekday) = (fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]);
        var start = after.UtcDateTime;
        start = start.AddTicks(-(start.Ticks % TimeSpan.TicksPerMinute));
        for (var at = start; at < after.UtcDateTime.AddDays(Days); at = at.AddMinutes(1))
        {
            var local = at + zone.GetUtcOffset(at);
            var isDay = day.IsStar || weekday.IsStar
                ? day.Values.Contains(local.Day) && weekday.Values.Contains((int)local.DayOfWeek)
                : day.Values.Contains(local.Day) || weekday.Values.Contains((int)local.DayOfWeek);
            if (!isDay || !month.Values.Contains(local.Month) || !hour.Values.Contains(local.Hour) || !minute.Values.Contains(local.Minute))
                continue;
            for (var passed = 0; passed < 60; passed++)
            {
                var moment = new DateTimeOffset(at.AddSeconds(passed), TimeSpan.Zero);
                if (moment > after && second.Values.Contains(passed))
                    return moment;
            }
        }

        return null;
    }

    /// <summary>A field with what it means, by other means than reading it.</summary>
    private sealed record Field(string Text, HashSet<int> Values, bool IsStar)
    {
        public static Field Random(Random random, int first, int last)
        {
            if (random.Next(3) == 0)
                return new Field(random.Next(2) == 0 ? "*" : "?", [.. Enumerable.Range(first, last - first + 1)], true);
            var items = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Item(random, first, last)).ToArray();
            return new Field(string.Join(',', items.Select(item => item.Text)), [.. items.SelectMany(item => item.Values)], false);
        }

        private static Field Item(Random random, int first, int last)
        {
            var low = random.Next(first, last + 1);
            var high = random.Next(low, last + 1);
            var step = random.Next(2, 9);
            return random.Next(5) switch
            {
                0 => Of($"{low}", low, low, 1),
                1 => Of($"{low}-{high}", low, high, 1),
                2 => Of($"{low}-{high}/{step}", low, high, step),
                3 => Of($"{low}/{step}", low, last, step),
                _ => Of($"*/{step}", first, last, step),
            };
        }

        private static Field Of(FormattableString text, int low, int high, int step) => new(
            text.ToString(CultureInfo.InvariantCulture), [.. Enumerable.Range(low, high - low + 1).Where(value => (value - low) % step == 0)], false);
    }
}
