using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Benchmarks;

/// <summary>The results as a person or a program reads them, with the machine that they are of.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static readonly string[] Columns =
    [
        "scenario", "direct/s", "sidecar/s", "ratio", "by CPU", "target", "bare", "of bare", "of bare by CPU", "p50 direct", "p50", "p99 direct", "p99", "CPU sidecar", "CPU app", "CPU direct", "CPU sidecar at 1000/s",
    ];

    private static string Machine => $"{Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}";

    public static string Json(IReadOnlyList<ScenarioResult> results) => JsonSerializer.Serialize(new { Machine, Scenarios = results }, Indented);

    public static string Table(IReadOnlyList<ScenarioResult> results)
    {
        string[][] rows = [Columns, .. results.Select(Cells)];
        var widths = Enumerable.Range(0, Columns.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var table = new StringBuilder();
        foreach (var row in rows)
            table.AppendLine(string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))));
        return table.AppendLine()
            .AppendLine($"Medians. Latencies in µs at {BenchRun.FixedRate} requests per second, CPU in ms per 1000 requests.")
            .AppendLine("Ratio: of requests per second. By CPU: of the CPU that a request takes in all processes, which other work on the machine does not distort.")
            .AppendLine("Bare: what a forwarder of a page of code reaches in the sidecars' place, as many processes of it as of sidecars; of bare: the sidecars' share of that.")
            .Append(Machine).ToString();
    }

    private static string[] Cells(ScenarioResult result) =>
    [
        result.Name,
        Text(result.Direct.PerSecond),
        Text(result.Through.PerSecond),
        result.Ratio.ToString("0.00", CultureInfo.InvariantCulture),
        result.CpuRatio.ToString("0.00", CultureInfo.InvariantCulture),
        result.Target?.ToString("≥ 0.00", CultureInfo.InvariantCulture) ?? "",
        Share(result.BareRatio),
        Share(result.OfBare),
        Share(result.OfBareByCpu),
        Text(result.Direct.P50),
        Text(result.Through.P50),
        Text(result.Direct.P99),
        Text(result.Through.P99),
        Text(result.Through.Cpu.Sidecar),
        Text(result.Through.Cpu.App),
        Text(result.Direct.Cpu.App),
        Text(result.Through.CpuAtFixedRate.Sidecar),
    ];

    private static string Share(double? share) => share?.ToString("0.00", CultureInfo.InvariantCulture) ?? "";

    private static string Text(double figure) => figure.ToString("0", CultureInfo.InvariantCulture);
}
