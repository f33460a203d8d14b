using System.Collections.ObjectModel;

namespace Sidecar.Runtime.State;

/// <summary>One item as a client sends it, in a save or in a transaction; nothing is checked yet.</summary>
internal sealed record StateItemRequest
{
    private static readonly byte[] Null = "null"u8.ToArray();

    public string Key { get; set; } = "";

    /// <summary>The value as it will be stored; an item without one stores a JSON null.</summary>
    public ReadOnlyMemory<byte> Value { get; set; } = Null;

    public string? ETag { get; set; }

    /// <summary><c>first-write</c> or <c>last-write</c>; null or empty = unspecified.</summary>
    public string? Concurrency { get; set; }

    /// <summary><c>eventual</c> or <c>strong</c>; null or empty = unspecified.</summary>
    public string? Consistency { get; set; }

    public IReadOnlyDictionary<string, string> Metadata { get; set; } = ReadOnlyDictionary<string, string>.Empty;

    public string? ContentType { get; set; }
}

/// <param name="Operation"><c>upsert</c> or <c>delete</c>, as sent.</param>
internal sealed record StateOperationRequest(string Operation, StateItemRequest Item);

/// <summary>Who asks for a transaction: the trace that its outbox events continue.</summary>
internal readonly record struct StateCaller(string? TraceParent, string? TraceState);
