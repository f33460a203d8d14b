namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>One entry of a bulk publish, as the app sent it.</summary>
/// <param name="Data">The bytes to publish.</param>
/// <param name="ContentType">Empty when the app named none.</param>
/// <param name="Metadata">Null when the entry has none.</param>
/// <param name="Problem">Why it cannot be published, if that is plain by now.</param>
internal sealed record BulkEntry(
    string Id, ReadOnlyMemory<byte> Data, string ContentType, IReadOnlyDictionary<string, string>? Metadata, string? Problem = null);
