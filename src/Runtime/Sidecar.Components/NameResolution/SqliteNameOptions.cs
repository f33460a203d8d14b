using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Components.Sqlite;

namespace Sidecar.Components.NameResolution;

/// <summary>Which file sidecars find each other in, and for how long a registration is believed (contract 6.15, <c>sqlite</c>).</summary>
/// <param name="Path">Full path of the file.</param>
public sealed record SqliteNameOptions(string Path)
{
    public string TableName { get; init; } = "hosts";

    public string MetadataTableName { get; init; } = "metadata";

    /// <summary>
    /// A registration is live for that long after its last renewal. null: registrations are not renewed, and live as long as
    /// the process that made them.
    /// </summary>
    public TimeSpan? UpdateInterval { get; init; }

    /// <summary>Limit of one renewal; renewals come that much before they are needed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait for a lock that another process holds.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public bool UseWal { get; init; } = true;

    /// <summary>How often registrations that nobody has renewed for as long are deleted; 0 = never.</summary>
    public TimeSpan CleanupInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>From the fields of the component <c>nameResolution.sqlite</c>.</summary>
    /// <param name="baseDirectory">What a relative path is relative to.</param>
    /// <exception cref="ComponentException">A field is wrong or missing.</exception>
    public static SqliteNameOptions Read(IReadOnlyDictionary<string, string> fields, string appId, string baseDirectory)
    {
        var metadata = new ComponentMetadata(fields);
        var file = SqliteConnectionString.Read(new ComponentContext
        {
            Name = "sqlite",
            AppId = appId,
            Metadata = metadata,
            BaseDirectory = baseDirectory,
            Shared = new SharedResources(),
            Logger = NullLogger.Instance,
        });
        if (file.IsInMemory)
            throw new ComponentException("metadata field 'connectionString' names a database in memory, in which no other sidecar could be found");

        var options = new SqliteNameOptions(file.Path)
        {
            TableName = TableNameOf(metadata, "tableName", "hosts"),
            MetadataTableName = TableNameOf(metadata, "metadataTableName", "metadata"),
            UpdateInterval = Seconds(metadata, "updateInterval", 5),
            Timeout = Seconds(metadata, "timeout", 1),
            BusyTimeout = metadata.Duration("busyTimeout", TimeSpan.FromMilliseconds(800), TimeSpan.FromSeconds(1)),
            UseWal = !metadata.Flag("disableWAL"),
            CleanupInterval = Seconds(metadata, "cleanupInterval", 3600),
        };
        if (options.Timeout < TimeSpan.FromSeconds(1))
            throw new ComponentException("metadata field 'timeout' must be at least 1s");
        if (options.UpdateInterval < options.Timeout + TimeSpan.FromSeconds(1) || options.UpdateInterval?.Ticks % TimeSpan.TicksPerSecond != 0)
            throw new ComponentException("metadata field 'updateInterval' must be whole seconds, and at least 1s longer than 'timeout'");
        return options;
    }

    private static TimeSpan Seconds(ComponentMetadata metadata, string name, int defaultSeconds) =>
        metadata.Duration(name, TimeSpan.FromSeconds(defaultSeconds), TimeSpan.FromSeconds(1));

    private static string TableNameOf(ComponentMetadata metadata, string field, string defaultName) =>
        metadata.Text(field, defaultName) is var name && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_')
            ? name
            : throw new ComponentException($"metadata field '{field}' is '{name}', expected letters, digits and _");
}
