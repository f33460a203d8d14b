using System.Globalization;
using Benchmarks.Servers;

namespace Benchmarks;

/// <summary>What <c>./bench</c> was asked for.</summary>
/// <param name="Quick">Shorter and fewer rounds: a look, not a result.</param>
/// <param name="Only">Part of the names of the scenarios to run; null = all.</param>
/// <param name="Json">Prints JSON in place of the table.</param>
/// <param name="Connections">Requests under way at once when throughput is measured.</param>
/// <param name="Components">A server to measure with its components; null = the scenarios that need none.</param>
internal sealed record BenchOptions(bool Quick, string? Only, bool Json, int Connections, ServerSet? Components = null)
{
    private const string Usage = "usage: bench [--quick] [--only NAME] [--components redis|rabbitmq|postgres] [-o json|table] [--connections N] | bench micro [BenchmarkDotNet arguments]";

    /// <summary>Rounds of each side; their median counts.</summary>
    public int Rounds => Quick ? 2 : 3;

    public double RoundSeconds => Quick ? 0.7 : 2;

    /// <summary>So many, because the runtime compiles what is called often once more, in the background and at nobody's request.</summary>
    public int WarmUpRequests => Quick ? 20_000 : 120_000;

    public double LatencySeconds => Quick ? 1 : 3;

    /// <summary>Messages published in a round.</summary>
    public int Messages => Quick ? 4_000 : 15_000;

    public static bool TryParse(string[] args, out BenchOptions options, out string problem)
    {
        options = new BenchOptions(false, null, false, 32);
        problem = "";
        for (var rest = args; rest.Length > 0;)
        {
            switch (rest)
            {
                case ["--quick", ..]:
                    (options, rest) = (options with { Quick = true }, rest[1..]);
                    break;
                case ["--only", var name, ..]:
                    (options, rest) = (options with { Only = name }, rest[2..]);
                    break;
                case ["--components", var name, ..] when ServerSet.All.FirstOrDefault(set => set.Name == name) is { } set:
                    (options, rest) = (options with { Components = set }, rest[2..]);
                    break;
                case ["-o" or "--output", "json" or "table", ..]:
                    (options, rest) = (options with { Json = rest[1] == "json" }, rest[2..]);
                    break;
                case ["--connections", var text, ..] when int.TryParse(text, CultureInfo.InvariantCulture, out var connections) && connections > 0:
                    (options, rest) = (options with { Connections = connections }, rest[2..]);
                    break;
                default:
                    problem = $"bench: unknown argument '{rest[0]}'\n{Usage}";
                    return false;
            }
        }

        return true;
    }
}
