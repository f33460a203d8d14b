namespace Dapr;

/// <summary>Endpoint metadata: one entry of a subscription's metadata, passed to the pub/sub component.</summary>
public interface IOriginalTopicMetadata
{
    /// <summary>Names the entry for topics that own it; null gives it to every topic of the endpoint.</summary>
    string? Id { get; }

    /// <summary>The entry's name.</summary>
    string Name { get; }

    /// <summary>The entry's value.</summary>
    string Value { get; }
}
