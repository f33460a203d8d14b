namespace Dapr.Client;

/// <summary>What became of a bulk publish.</summary>
/// <param name="failedEntries">The entries that were not published.</param>
public class BulkPublishResponse<TValue>(List<BulkPublishResponseFailedEntry<TValue>> failedEntries)
{
    /// <summary>The entries that were not published; empty when all were.</summary>
    public List<BulkPublishResponseFailedEntry<TValue>> FailedEntries { get; } = failedEntries;
}

/// <summary>An entry that was not published.</summary>
/// <param name="entry">The entry.</param>
/// <param name="errorMessage">Why.</param>
public class BulkPublishResponseFailedEntry<TValue>(BulkPublishEntry<TValue> entry, string errorMessage)
{
    /// <summary>The entry.</summary>
    public BulkPublishEntry<TValue> Entry { get; } = entry;

    /// <summary>Why it was not published.</summary>
    public string ErrorMessage { get; } = errorMessage;
}

/// <summary>One event of a bulk publish.</summary>
/// <param name="entryId">Tells the entries of one call apart.</param>
/// <param name="eventData">The event.</param>
/// <param name="contentType">The content type under which it was sent.</param>
/// <param name="metadata">Metadata of this entry.</param>
public class BulkPublishEntry<TValue>(string entryId, TValue eventData, string contentType, IReadOnlyDictionary<string, string>? metadata = null)
{
    /// <summary>Tells the entries of one call apart.</summary>
    public string EntryId { get; } = entryId;

    /// <summary>The event.</summary>
    public TValue EventData { get; } = eventData;

    /// <summary>The content type under which it was sent.</summary>
    public string ContentType { get; } = contentType;

    /// <summary>Metadata of this entry.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; } = metadata;
}
