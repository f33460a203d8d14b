using System.Text.Json;
using Benchmarks.HotPaths;

namespace Benchmarks.Gate;

/// <summary>
/// No hot path allocates more bytes than its limit in <c>limits.json</c>. Who needs more raises the limit there, for all to
/// see; who needs less lowers it. For the times, and where they go: <c>./bench micro</c>.
/// </summary>
public sealed class AllocationTests
{
    private const int Repetitions = 1000;

    private static readonly Lazy<Task<IReadOnlyList<HotPath>>> Paths =
        new(async () => [.. await RequestPaths.CreateAsync(), .. PartPaths.Create()]);

    private static Dictionary<string, int> Limits { get; } =
        JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "limits.json")))!;

    public static TheoryData<string> Names { get; } = [.. Limits.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_hot_path_allocates_no_more_than_its_limit(string name)
    {
        var path = (await Paths.Value).Single(path => path.Name == name);
        var allocated = BytesPerRun(path.Run);
        Assert.True(allocated <= Limits[name], $"{name}: {allocated} bytes per run, and the limit is {Limits[name]}");
    }

    [Fact]
    public async Task Every_hot_path_has_a_limit()
    {
        Assert.Equal((await Paths.Value).Select(path => path.Name).Order(), Limits.Keys.Order());
    }

    // The least of three, because a run that fills a pool or a cache for the first time pays for all that follow.
    private static long BytesPerRun(Action run) => Enumerable.Range(0, 3).Min(_ =>
    {
        run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var repetition = 0; repetition < Repetitions; repetition++)
            run();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Repetitions;
    });
}
