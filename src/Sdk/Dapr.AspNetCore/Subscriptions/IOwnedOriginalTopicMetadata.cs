namespace Dapr;

/// <summary>Endpoint metadata: which metadata entries belong to this topic.</summary>
public interface IOwnedOriginalTopicMetadata
{
    /// <summary>Ids of the <see cref="IOriginalTopicMetadata"/> that belong to this topic.</summary>
    string[]? OwnedMetadatas { get; }

    /// <summary>Joins several values of one name; a comma when null.</summary>
    string? MetadataSeparator { get; }
}
