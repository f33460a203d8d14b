using System.Diagnostics;
using System.Text.Json;

namespace Benchmarks.Load;

/// <summary>The part of the load process: a job per line comes in, its result goes out.</summary>
internal static class LoadServer
{
    public static async Task RunAsync(TextReader jobs, TextWriter results)
    {
        while (await jobs.ReadLineAsync() is { } line)
        {
            var job = JsonSerializer.Deserialize<LoadJob>(line)!;
            var result = job.Rate > 0 ? await new OpenLoop(job).RunAsync() : await new ClosedLoop(job).RunAsync();
            await results.WriteLineAsync(JsonSerializer.Serialize(result));
            await results.FlushAsync();
        }
    }
}

/// <summary>
/// The process that makes the requests: not this one, so that its work is counted as nobody's, and the same for all rounds,
/// so that it is compiled and warm.
/// </summary>
internal sealed class LoadProcess : IDisposable
{
    private readonly Process _process;

    public LoadProcess()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(LoadProcess).Assembly.Location, "load"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        _process = Process.Start(start)!;
    }

    public int Pid => _process.Id;

    /// <exception cref="BenchException">It could not be done, or the answers were not successes.</exception>
    public async Task<LoadResult> RunAsync(LoadJob job)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(job));
        await _process.StandardInput.FlushAsync();
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new BenchException($"the load process ended while it ran {job.Verb} {job.Path}");
        var result = JsonSerializer.Deserialize<LoadResult>(line)!;
        return result.Errors == 0 ? result : throw new BenchException($"{job.Verb} {job.Path}: {result.Errors} of {result.Requests + result.Errors} answers were no success");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}

/// <summary>A scenario could not be measured; the message says why.</summary>
internal sealed class BenchException(string message) : Exception(message);
