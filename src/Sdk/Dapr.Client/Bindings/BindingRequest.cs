namespace Dapr.Client;

/// <summary>A call of an output binding.</summary>
/// <param name="bindingName">Name of the binding's component.</param>
/// <param name="operation">What the binding is to do, such as <c>create</c>.</param>
public sealed class BindingRequest(string bindingName, string operation)
{
    /// <summary>Name of the binding's component.</summary>
    public string BindingName { get; } = NotEmpty(bindingName, nameof(bindingName));

    /// <summary>What the binding is to do.</summary>
    public string Operation { get; } = NotEmpty(operation, nameof(operation));

    /// <summary>What the binding is to do it with: JSON text, because the HTTP API carries nothing else. Empty = no data.</summary>
    public ReadOnlyMemory<byte> Data { get; set; }

    /// <summary>For the component.</summary>
    public Dictionary<string, string> Metadata { get; } = [];

    private static string NotEmpty(string value, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(value, name);
        return value;
    }
}
