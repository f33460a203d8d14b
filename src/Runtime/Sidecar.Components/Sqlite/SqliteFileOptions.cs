namespace Sidecar.Components.Sqlite;

/// <summary>Which database, and how its connections are opened.</summary>
internal sealed record SqliteFileOptions
{
    /// <summary>Full path, or the name of a database in memory.</summary>
    public required string Path { get; init; }

    public bool IsInMemory { get; init; }

    /// <summary>Write-ahead log; otherwise a rollback journal, in which readers and writers exclude each other.</summary>
    public bool UseWal { get; init; } = true;

    /// <summary>
    /// Flush to the disk at every commit. Otherwise what was committed survives the death of the process, while a power
    /// cut may lose the last moments.
    /// </summary>
    public bool SynchronousFull { get; init; }

    /// <summary>Further settings from the connection string, as <c>name=value</c>.</summary>
    public IReadOnlyList<string> Pragmas { get; init; } = [];

    /// <summary>Components with the same key share one writer.</summary>
    public string Key => $"{Path}|{IsInMemory}|{UseWal}|{SynchronousFull}|{string.Join(';', Pragmas)}";

    /// <summary>Readers on connections of their own pay only where a reader does not lock the writer out.</summary>
    public bool HasReaders => UseWal && !IsInMemory;

    /// <exception cref="ComponentException">Not NORMAL or FULL.</exception>
    public static bool ReadSynchronous(ComponentMetadata metadata) => metadata.Text("synchronous", "NORMAL").ToUpperInvariant() switch
    {
        "FULL" => true,
        "NORMAL" => false,
        var other => throw new ComponentException($"metadata field 'synchronous' is '{other}', expected NORMAL or FULL"),
    };
}
