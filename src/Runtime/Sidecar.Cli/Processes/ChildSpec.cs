namespace Sidecar.Cli.Processes;

/// <summary>What to start: the whole environment is given, nothing is inherited.</summary>
/// <param name="Command">Program, then its arguments; no shell is involved.</param>
internal sealed record ChildSpec(
    IReadOnlyList<string> Command,
    string WorkingDirectory,
    IReadOnlyDictionary<string, string> Environment);
