using Microsoft.Extensions.Logging;

namespace Sidecar.Components;

/// <summary>What a component is given at its start.</summary>
public sealed record ComponentContext
{
    /// <summary>The component's name, as in <c>metadata.name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>App-id of the sidecar that loads it.</summary>
    public required string AppId { get; init; }

    /// <summary>Resolved and templated <c>spec.metadata</c>.</summary>
    public required ComponentMetadata Metadata { get; init; }

    /// <summary>Folder that relative paths in the metadata resolve against: the app's working directory.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>What components of one process or one run have in common.</summary>
    public required SharedResources Shared { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public required ILogger Logger { get; init; }

    /// <summary>Reads an environment variable of the sidecar (each sidecar of a group has its own).</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>All environment variables of the sidecar.</summary>
    public Func<IEnumerable<KeyValuePair<string, string>>> AllEnvironment { get; init; } = () =>
        System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? ""));

    /// <summary>Makes a path of the metadata absolute.</summary>
    public string ResolvePath(string path) => Path.GetFullPath(path, BaseDirectory);
}
