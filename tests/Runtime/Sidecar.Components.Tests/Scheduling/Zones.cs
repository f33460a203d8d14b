namespace Sidecar.Components.Tests.Scheduling;

/// <summary>Time zones that are the same on every machine.</summary>
internal static class Zones
{
    /// <summary>UTC+1, clocks forward an hour on the last Sunday of March at 2:00, back on the last of October at 3:00.</summary>
    public static TimeZoneInfo Central { get; } = Of(
        "Test/Central",
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(1),
        TimeZoneInfo.TransitionTime.CreateFloatingDateRule(At(2), 3, 5, DayOfWeek.Sunday),
        TimeZoneInfo.TransitionTime.CreateFloatingDateRule(At(3), 10, 5, DayOfWeek.Sunday));

    /// <summary>UTC-4:30, half an hour of summer time that begins and ends at midnight, so that a day loses its first minutes, and another shows its last ones twice.</summary>
    public static TimeZoneInfo Midnight { get; } = Of(
        "Test/Midnight",
        TimeSpan.FromHours(-4.5),
        TimeSpan.FromHours(0.5),
        TimeZoneInfo.TransitionTime.CreateFixedDateRule(At(0), 2, 10),
        TimeZoneInfo.TransitionTime.CreateFixedDateRule(At(0), 5, 20));

    private static DateTime At(int hour) => new(1, 1, 1, hour, 0, 0, DateTimeKind.Unspecified);

    private static TimeZoneInfo Of(string id, TimeSpan offset, TimeSpan summer, TimeZoneInfo.TransitionTime begins, TimeZoneInfo.TransitionTime ends) =>
        TimeZoneInfo.CreateCustomTimeZone(
            id, offset, id, id, id, [TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(DateTime.MinValue.Date, DateTime.MaxValue.Date, summer, begins, ends)]);
}
