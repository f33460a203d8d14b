using BenchmarkDotNet.Attributes;
using Benchmarks.HotPaths;

namespace Benchmarks.Micro;

/// <summary>Time and allocated bytes of each hot path; <c>tests/Benchmarks.Gate</c> holds the bytes to their limits.</summary>
public class HotPathBenchmarks
{
    private Action _run = () => { };

    [ParamsSource(nameof(Names))]
    public string Path { get; set; } = "";

    public static IEnumerable<string> Names => [.. All.Select(path => path.Name)];

    private static IReadOnlyList<HotPath> All { get; } = [.. RequestPaths.CreateAsync().GetAwaiter().GetResult(), .. PartPaths.Create()];

    [GlobalSetup]
    public void Choose() => _run = All.Single(path => path.Name == Path).Run;

    [Benchmark]
    public void Run() => _run();
}
