using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sidecar.Components.State;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.State;

/// <summary>One item as a client sends it, in a save or in a transaction; nothing is checked yet.</summary>
internal sealed record StateItemRequest
{
    private const string ContentTypeMetadata = "contentType";

    private static readonly byte[] Null = "null"u8.ToArray();

    public string Key { get; set; } = "";

    /// <summary>The value as it will be stored; an item without one stores a JSON null.</summary>
    public ReadOnlyMemory<byte> Value { get; set; } = Null;

    /// <summary>False for bytes of any kind, as gRPC brings them; values of HTTP are JSON.</summary>
    public bool IsJson { get; set; } = true;

    public string? ETag { get; set; }

    /// <summary><c>first-write</c> or <c>last-write</c>; null or empty = unspecified.</summary>
    public string? Concurrency { get; set; }

    /// <summary><c>eventual</c> or <c>strong</c>; null or empty = unspecified.</summary>
    public string? Consistency { get; set; }

    public IReadOnlyDictionary<string, string> Metadata { get; set; } = ReadOnlyDictionary<string, string>.Empty;

    public string? ContentType { get; set; }

    /// <summary>Bytes whose metadata say that they are JSON become JSON as a save over HTTP keeps it. False, with the reason, if they are none.</summary>
    public bool TryReadJson([NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (IsJson || !ContentTypes.Is(Metadata.GetValueOrDefault(ContentTypeMetadata), ContentTypes.Json))
            return true;
        try
        {
            (Value, IsJson) = (StateJson.ParseValue(Value.Span), true);
        }
        catch (JsonException malformed)
        {
            problem = $"the value of key {Key} is not {ContentTypes.Json}: {malformed.Message}";
        }

        return problem is null;
    }

    /// <summary>Metadata of the whole request replace the item's own of the same name.</summary>
    public void Override(IReadOnlyDictionary<string, string> requestMetadata)
    {
        if (requestMetadata.Count == 0)
            return;
        var merged = new Dictionary<string, string>(Metadata, StringComparer.Ordinal);
        foreach (var (name, value) in requestMetadata)
            merged[name] = value;
        Metadata = merged;
    }
}

/// <param name="Operation"><c>upsert</c> or <c>delete</c>, as sent.</param>
internal sealed record StateOperationRequest(string Operation, StateItemRequest Item);

/// <summary>Many keys at once, as a client asks for them.</summary>
internal sealed record BulkGetRequest
{
    public IReadOnlyList<string> Keys { get; set; } = [];

    /// <summary>How many keys are read at the same time; ≤ 0 = all of them.</summary>
    public int Parallelism { get; set; }
}

/// <summary>What became of one key of a bulk get: an item, an error, or neither if nothing is stored.</summary>
internal readonly record struct BulkGetResult(string Key, StateItem? Item = null, string? Error = null);

/// <summary>Who asks for a transaction: the trace that its outbox events continue.</summary>
internal readonly record struct StateCaller(string? TraceParent, string? TraceState);
