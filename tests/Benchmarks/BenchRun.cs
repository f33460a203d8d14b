using Benchmarks.Load;

namespace Benchmarks;

/// <summary>
/// Runs the scenarios that were asked for. The sides of each take turns, so that whatever else the machine does meets
/// all, and the median of their rounds counts.
/// </summary>
internal sealed class BenchRun(BenchOptions options)
{
    /// <summary>Requests per second when latency is measured.</summary>
    public const int FixedRate = 1000;

    public async Task<int> RunAsync()
    {
        var all = options.Components is { } set ? Scenario.Of(set) : Scenario.All;
        var scenarios = all.Where(scenario => options.Only is null || scenario.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (scenarios.Length == 0)
        {
            await Console.Error.WriteLineAsync($"bench: no scenario matches '{options.Only}'; there are: {string.Join("; ", all.Select(scenario => scenario.Name))}");
            return 1;
        }

        var results = new List<ScenarioResult>();
        try
        {
            foreach (var group in scenarios.GroupBy(scenario => scenario.Isolated))
                results.AddRange(await RunAsync(group.Key, group));
        }
        catch (Exception failure) when (failure is BenchException or TimeoutException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"bench: {failure.Message}");
            return 1;
        }

        Console.Out.WriteLine(options.Json ? Report.Json(results) : Report.Table(results));
        return 0;
    }

    private async Task<List<ScenarioResult>> RunAsync(bool isolated, IEnumerable<Scenario> scenarios)
    {
        var results = new List<ScenarioResult>();
        using var load = new LoadProcess();
        await using var topology = await Topology.StartAsync(isolated, options.Components);
        foreach (var preparation in Scenario.Preparations(topology, options.Components))
            await load.RunAsync(preparation);
        foreach (var scenario in scenarios)
        {
            await Console.Error.WriteLineAsync($"bench: {scenario.Name}...");
            results.Add(await RunAsync(topology, load, scenario));
        }

        return results;
    }

    private async Task<ScenarioResult> RunAsync(Topology topology, LoadProcess load, Scenario scenario)
    {
        var direct = new Side(topology, topology.Sidecars, load, scenario.Direct(topology), scenario.IsDelivery);
        var through = new Side(topology, topology.Sidecars, load, scenario.Through(topology), scenario.IsDelivery);
        var bare = scenario.Bare is { } job ? new Side(topology, topology.Forwarders, load, job(topology), scenario.IsDelivery) : null;
        Side[] sides = bare is null ? [direct, through] : [direct, bare, through];
        foreach (var side in sides)
            await side.WarmUpAsync(options, side == direct ? options.WarmUpRequests / 2 : options.WarmUpRequests);
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var side in sides)
                await side.ThroughputRoundAsync(options);
        }

        foreach (var side in sides)
            await side.LatencyRoundAsync(options);
        return new ScenarioResult(scenario.Name, scenario.Target, direct.Figures, through.Figures, bare?.Figures);
    }
}
