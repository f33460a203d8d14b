using Benchmarks.Load;

namespace Benchmarks;

/// <summary>One way of doing a scenario, and what its rounds showed.</summary>
/// <param name="between">The processes between the load and the app.</param>
internal sealed class Side(Topology topology, IReadOnlyList<int> between, LoadProcess load, LoadJob job, bool isDelivery)
{
    private readonly List<Round> _throughput = [];
    private readonly List<Round> _latency = [];

    public Figures Figures => new(
        Median(_throughput, round => round.PerSecond),
        Median(_latency, round => round.P50),
        Median(_latency, round => round.P99),
        Cost(_throughput),
        Cost(_latency));

    /// <summary>Not counted: what is compiled on first use is compiled here.</summary>
    public Task WarmUpAsync(BenchOptions options, int requests) =>
        MeasureAsync(job with { Connections = options.Connections, Count = isDelivery ? options.Messages : requests });

    public async Task ThroughputRoundAsync(BenchOptions options) => _throughput.Add(await MeasureAsync(isDelivery
        ? job with { Connections = options.Connections, Count = options.Messages }
        : job with { Connections = options.Connections, Seconds = options.RoundSeconds }));

    public async Task LatencyRoundAsync(BenchOptions options) =>
        _latency.Add(await MeasureAsync(job with { Connections = 16, Rate = BenchRun.FixedRate, Seconds = options.LatencySeconds }));

    private async Task<Round> MeasureAsync(LoadJob round)
    {
        if (isDelivery)
            await topology.ResetDeliveriesAsync();
        var before = Used();
        var result = await load.RunAsync(round);
        var (perSecond, p50, p99) = (result.PerSecond, result.P50, result.P99);
        if (isDelivery)
        {
            var delivered = await topology.DeliveredAsync(result.Requests);
            perSecond = result.Requests / System.Diagnostics.Stopwatch.GetElapsedTime(result.Began, delivered.Last).TotalSeconds;
            (p50, p99) = (delivered.P50, delivered.P99);
        }

        var after = Used();
        var perThousand = 1_000_000d / result.Requests;
        return new Round(perSecond, p50, p99, new CpuCost(
            (after.Sidecar - before.Sidecar) * perThousand, (after.App - before.App) * perThousand, (after.Load - before.Load) * perThousand));
    }

    /// <summary>Seconds so far.</summary>
    private CpuCost Used() => new(CpuTime.Of(between), CpuTime.Of(topology.Apps), CpuTime.Of([load.Pid]));

    private static CpuCost Cost(List<Round> rounds) =>
        new(Median(rounds, round => round.Cpu.Sidecar), Median(rounds, round => round.Cpu.App), Median(rounds, round => round.Cpu.Load));

    private static double Median(List<Round> rounds, Func<Round, double> figure)
    {
        var sorted = rounds.Select(figure).Order().ToArray();
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed record Round(double PerSecond, double P50, double P99, CpuCost Cpu);
}

/// <param name="Sidecar">Milliseconds of CPU per 1000 requests, of all sidecars, or forwarders, together.</param>
/// <param name="App">Likewise of the apps.</param>
/// <param name="Load">Likewise of the process that makes the requests.</param>
internal sealed record CpuCost(double Sidecar, double App, double Load)
{
    public double Total => Sidecar + App + Load;
}

/// <param name="PerSecond">Requests per second, as fast as they can be made.</param>
/// <param name="P50">Microseconds, at a fixed rate.</param>
/// <param name="P99">Likewise.</param>
/// <param name="Cpu">At full speed.</param>
/// <param name="CpuAtFixedRate">At the fixed rate.</param>
internal sealed record Figures(double PerSecond, double P50, double P99, CpuCost Cpu, CpuCost CpuAtFixedRate);

/// <param name="Bare">By a bare forwarder in the sidecars' place; null = not measured.</param>
internal sealed record ScenarioResult(string Name, double? Target, Figures Direct, Figures Through, Figures? Bare)
{
    public double Ratio => Through.PerSecond / Direct.PerSecond;

    /// <summary>What the ratio is when nothing else uses the machine: work of others takes time from both sides, but adds to neither's.</summary>
    public double CpuRatio => Direct.Cpu.Total / Through.Cpu.Total;

    /// <summary>What a bare forwarder reaches of the direct throughput: the most that there is to be had.</summary>
    public double? BareRatio => Bare?.PerSecond / Direct.PerSecond;

    /// <summary>Share of the bare forwarder's throughput.</summary>
    public double? OfBare => Through.PerSecond / Bare?.PerSecond;

    /// <summary>The same by the CPU that a request takes.</summary>
    public double? OfBareByCpu => Bare?.Cpu.Total / Through.Cpu.Total;

    /// <summary>Microseconds.</summary>
    public double AddedP50 => Through.P50 - Direct.P50;
}
