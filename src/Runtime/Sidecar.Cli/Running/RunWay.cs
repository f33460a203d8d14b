namespace Sidecar.Cli.Running;

/// <summary>How a run runs, beside what its template says.</summary>
/// <param name="Isolated">A <c>daprd</c> process per app.</param>
/// <param name="Watch">Apps are built and restarted when their sources change.</param>
/// <param name="Mtls">Sidecars have certificates of the run's own authority.</param>
/// <param name="Faults">File, absolute, that says what is to go wrong on purpose; null = nothing.</param>
internal readonly record struct RunWay(bool Isolated, bool Watch, bool Mtls, string? Faults);
