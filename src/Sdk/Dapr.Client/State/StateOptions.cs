namespace Dapr.Client;

/// <summary>How a state store treats one write. What is left null, the store decides.</summary>
public class StateOptions
{
    /// <summary>When the write counts as done.</summary>
    public ConsistencyMode? Consistency { get; set; }

    /// <summary>What happens when two write the same key. First-write without an ETag writes only where nothing is stored yet.</summary>
    public ConcurrencyMode? Concurrency { get; set; }
}
