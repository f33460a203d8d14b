namespace Sidecar.Testing;

/// <summary>What a host cannot have when its sidecars are processes.</summary>
internal static class DaprdLimits
{
    public const string Advice = $"A test that needs them asks {nameof(DaprTestHost)}.{nameof(DaprTestHost.RunsDaprd)}, and skips itself.";

    /// <exception cref="NotSupportedException">Names all that is in the way.</exception>
    public static void Check(DaprTestHostBuilder builder)
    {
        if (builder.Daprd is not { } daprd)
            return;
        List<string> problems = [];
        if (builder.Clock is not null)
            problems.Add("a fake clock");
        if (builder.Drivers.Count > 0)
            problems.Add($"drivers of the test's own ({string.Join(", ", builder.Drivers.Select(driver => driver.Type))})");
        if (builder.IsInMemory && builder.Apps.Count > 1)
            problems.Add("several apps on in-memory components, which each process has for itself (take Sqlite(), or Resources() with a real broker)");
        if (problems.Count > 0)
            throw new NotSupportedException($"Sidecars that run as {daprd} cannot have {string.Join("; ", problems)}. {Advice}");
    }
}
