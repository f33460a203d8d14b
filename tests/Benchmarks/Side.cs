using Benchmarks.Load;

namespace Benchmarks;

/// <summary>One way of doing a scenario, and what its rounds showed.</summary>
internal sealed class Side(Topology topology, LoadProcess load, LoadJob job, bool isDelivery)
{
    private readonly List<Round> _throughput = [];
    private readonly List<Round> _latency = [];

    public Figures Figures => new(
        Median(_throughput, round => round.PerSecond),
        Median(_latency, round => round.P50),
        Median(_latency, round => round.P99),
        new CpuCost(Median(_throughput, round => round.Sidecar), Median(_throughput, round => round.App)),
        new CpuCost(Median(_latency, round => round.Sidecar), Median(_latency, round => round.App)));

    /// <summary>Not counted: what is compiled on first use is compiled here.</summary>
    public Task WarmUpAsync(BenchOptions options) => MeasureAsync(Throughput(options, options.WarmUpSeconds));

    public async Task ThroughputRoundAsync(BenchOptions options) => _throughput.Add(await MeasureAsync(Throughput(options, options.RoundSeconds)));

    public async Task LatencyRoundAsync(BenchOptions options) =>
        _latency.Add(await MeasureAsync(job with { Connections = 16, Rate = BenchRun.FixedRate, Seconds = options.RoundSeconds }));

    private LoadJob Throughput(BenchOptions options, double seconds) => isDelivery
        ? job with { Connections = options.Connections, Count = options.Messages }
        : job with { Connections = options.Connections, Seconds = seconds };

    private async Task<Round> MeasureAsync(LoadJob round)
    {
        if (isDelivery)
            await topology.ResetDeliveriesAsync();
        var (sidecar, app) = (CpuTime.Of(topology.Sidecars), CpuTime.Of(topology.Apps));
        var result = await load.RunAsync(round);
        var (perSecond, p50, p99) = (result.PerSecond, result.P50, result.P99);
        if (isDelivery)
        {
            var delivered = await topology.DeliveredAsync(result.Requests);
            perSecond = result.Requests / System.Diagnostics.Stopwatch.GetElapsedTime(result.Began, delivered.Last).TotalSeconds;
            (p50, p99) = (delivered.P50, delivered.P99);
        }

        return new Round(
            perSecond, p50, p99, Cost(CpuTime.Of(topology.Sidecars) - sidecar, result.Requests), Cost(CpuTime.Of(topology.Apps) - app, result.Requests));
    }

    private static double Cost(double seconds, long requests) => seconds * 1000 / requests * 1000;

    private static double Median(List<Round> rounds, Func<Round, double> figure)
    {
        var sorted = rounds.Select(figure).Order().ToArray();
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed record Round(double PerSecond, double P50, double P99, double Sidecar, double App);
}

/// <param name="Sidecar">Milliseconds of CPU per 1000 requests, of all sidecars together.</param>
/// <param name="App">Likewise of the apps.</param>
internal sealed record CpuCost(double Sidecar, double App);

/// <param name="PerSecond">Requests per second, as fast as they can be made.</param>
/// <param name="P50">Microseconds, at a fixed rate.</param>
/// <param name="P99">Likewise.</param>
/// <param name="Cpu">At full speed.</param>
/// <param name="CpuAtFixedRate">At the fixed rate.</param>
internal sealed record Figures(double PerSecond, double P50, double P99, CpuCost Cpu, CpuCost CpuAtFixedRate);

internal sealed record ScenarioResult(string Name, double? Target, Figures Direct, Figures Through)
{
    public double Ratio => Through.PerSecond / Direct.PerSecond;

    /// <summary>Microseconds.</summary>
    public double AddedP50 => Through.P50 - Direct.P50;
}
