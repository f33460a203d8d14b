using System.Text.RegularExpressions;
using Sidecar.Cli.Processes;

namespace Sidecar.Cli.Watching;

/// <summary>A command that makes an app's program from its sources.</summary>
/// <param name="Folder">Where it is run.</param>
internal sealed partial record BuildCommand(IReadOnlyList<string> Words, string Folder)
{
    private const int MostTold = 20;

    // Servers that a build leaves behind for the next would be killed with its process group, in the middle of somebody else's.
    private static readonly (string Name, string Value)[] NothingStays =
    [
        ("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"), ("UseSharedCompilation", "false"), ("DOTNET_NOLOGO", "1"),
    ];

    /// <summary>Two apps of one program are built once.</summary>
    public string Key => $"{Folder}\0{string.Join('\0', Words)}";

    /// <summary>Null when it succeeded; otherwise the lines that say why it did not.</summary>
    /// <exception cref="OperationCanceledException">It was ended before.</exception>
    public async Task<IReadOnlyList<string>?> RunAsync(IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var variables = environment.ToDictionary(StringComparer.Ordinal);
        foreach (var (name, value) in NothingStays)
            variables[name] = value;
        var (errors, last) = (new List<string>(), new Queue<string>());
        try
        {
            await using var process = ChildProcess.Start(new ChildSpec(Words, Folder, variables), Keep);
            await using (cancellationToken.Register(process.Kill))
            {
                var code = await process.Exited;
                cancellationToken.ThrowIfCancellationRequested();
                return code == 0 ? null : errors.Count > 0 ? errors : [.. last];
            }
        }
        catch (ChildStartException failure)
        {
            return [failure.Message];
        }

        ValueTask Keep(string line)
        {
            lock (errors)
            {
                if (ErrorLine.IsMatch(line) && errors.Count < MostTold && !errors.Contains(line))
                    errors.Add(line);
                if (last.Count == MostTold)
                    last.Dequeue();
                last.Enqueue(line);
            }

            return ValueTask.CompletedTask;
        }
    }

    // As MSBuild and the compilers behind it write them, once while they build and once at the end.
    [GeneratedRegex("error [A-Z]+[0-9]+:", RegexOptions.CultureInvariant)]
    private static partial Regex ErrorLine { get; }
}
