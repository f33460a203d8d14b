using System.Text.Json.Serialization;

namespace Dapr.AspNetCore;

/// <summary>The app's answer to a delivery of many events. An entry without a status is delivered again.</summary>
public class BulkSubscribeAppResponse
{
    /// <summary>An answer.</summary>
    public BulkSubscribeAppResponse(List<BulkSubscribeAppResponseEntry> statuses) => Statuses = statuses;

    /// <summary>What is to become of each entry.</summary>
    [JsonPropertyName("statuses")]
    public List<BulkSubscribeAppResponseEntry> Statuses { get; }
}

/// <summary>What is to become of one entry.</summary>
public class BulkSubscribeAppResponseEntry
{
    /// <summary>The status of an entry.</summary>
    public BulkSubscribeAppResponseEntry(string entryId, BulkSubscribeAppResponseStatus status)
    {
        EntryId = entryId;
        Status = status.ToString();
    }

    /// <summary>The entry.</summary>
    [JsonPropertyName("entryId")]
    public string EntryId { get; }

    /// <summary>Its status.</summary>
    [JsonPropertyName("status")]
    public string Status { get; }
}

/// <summary>What is to become of an entry. The names are those of the wire.</summary>
public enum BulkSubscribeAppResponseStatus
{
    /// <summary>It is done.</summary>
    SUCCESS,

    /// <summary>It is to be delivered again.</summary>
    RETRY,

    /// <summary>It is to be given up.</summary>
    DROP,
}
