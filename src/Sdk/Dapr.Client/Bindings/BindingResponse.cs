namespace Dapr.Client;

/// <summary>What an output binding answered.</summary>
/// <param name="request">The call.</param>
/// <param name="data">The answer's bytes; empty if there was none.</param>
/// <param name="metadata">What the component told besides.</param>
public sealed class BindingResponse(BindingRequest request, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata)
{
    /// <summary>The call.</summary>
    public BindingRequest Request { get; } = request ?? throw new ArgumentNullException(nameof(request));

    /// <summary>The answer's bytes; empty if there was none.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;

    /// <summary>What the component told besides. Over HTTP the case of names is lost, so that names match without regard to it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata ?? throw new ArgumentNullException(nameof(metadata));
}
