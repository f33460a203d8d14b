using System.Buffers;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.Telemetry;
using CallMetadata = Sidecar.Grpc.Metadata;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>What goes with an event to a gRPC app beside its message: the entries that an HTTP app gets as headers, and the trace in both of its forms.</summary>
internal static class EventMetadata
{
    private const string BinarySuffix = "-bin";

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz_-.");

    public static CallMetadata Of(string pubsub, IReadOnlyDictionary<string, string> messageMetadata, in EventSummary summary)
    {
        var metadata = new CallMetadata();
        Add(metadata, EventRequest.PubsubHeader, pubsub);
        foreach (var (name, value) in messageMetadata)
        {
            if (EventRequest.IsPassedOn(name, value))
                Add(metadata, name.ToLowerInvariant(), value);
        }

        AddTrace(metadata, TraceContext.Continue(summary.TraceParent, summary.TraceState));
        return metadata;
    }

    /// <summary>Events of many traces in one call: it belongs to none of them.</summary>
    public static CallMetadata OfBatch(string pubsub)
    {
        var metadata = new CallMetadata();
        Add(metadata, EventRequest.PubsubHeader, pubsub);
        AddTrace(metadata, TraceContext.Begin());
        return metadata;
    }

    private static void AddTrace(CallMetadata metadata, in TraceContext trace)
    {
        metadata.Add(TraceContext.ParentHeader, trace.TraceParent);
        metadata.Add(BinaryTrace.Key, BinaryTrace.Of(trace.TraceParent));
        if (trace.TraceState.Length > 0 && EventHeaders.IsPrintable(trace.TraceState))
            metadata.Add(TraceContext.StateHeader, trace.TraceState);
    }

    // An entry that gRPC cannot carry must not make the message undeliverable. Text under a binary key is no metadata either.
    private static void Add(CallMetadata metadata, string key, string value)
    {
        var canBeSent = key.Length > 0 && !key.AsSpan().ContainsAnyExcept(KeyCharacters) && !key.EndsWith(BinarySuffix, StringComparison.Ordinal) && EventHeaders.IsPrintable(value);
        if (canBeSent && !CallMetadata.IsReserved(key))
            metadata.Add(key, value);
    }
}
