namespace Sidecar.Components.Bindings;

/// <summary>A binding that the app calls, through the sidecar, to make something happen elsewhere.</summary>
public interface IOutputBinding : IComponent
{
    /// <summary>What it can do, in the order in which it is told; no other operation reaches <see cref="InvokeAsync"/>.</summary>
    IReadOnlyList<string> Operations { get; }

    /// <summary>Does one of <see cref="Operations"/>.</summary>
    /// <returns>null: done, and there is nothing to answer.</returns>
    /// <exception cref="ComponentException">It could not be done.</exception>
    ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken);
}

/// <param name="Data">As the caller sent it; over HTTP, JSON text.</param>
/// <param name="Metadata">Of the request, names in their case; <c>traceparent</c>, <c>tracestate</c> and <c>baggage</c> among them.</param>
public sealed record BindingRequest(string Operation, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata);

/// <summary>What an output binding answers.</summary>
public sealed record BindingReply(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Why it counts as a failure, for one that has metadata to tell; null = it is none.</summary>
    public string? Failure { get; init; }
}
