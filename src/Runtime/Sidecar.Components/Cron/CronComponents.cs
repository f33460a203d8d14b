namespace Sidecar.Components.Cron;

/// <summary>The component types of this folder.</summary>
internal static class CronComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("bindings.cron", "v1", () => new CronBinding())
        {
            Fields =
            [
                new(
                    "schedule",
                    "When the app is called: 5 fields, or 6 with seconds first; @hourly, @daily, @weekly, @monthly, @yearly; or @every 15m. In the machine's time zone, or after CRON_TZ=Area/City in that one.",
                    Required: true),
            ],
        },
    ];
}
