namespace Dapr.Client;

/// <summary>When a state operation counts as done.</summary>
public enum ConsistencyMode
{
    /// <summary>Once one replica has it.</summary>
    Eventual,

    /// <summary>Once a quorum of the store has it.</summary>
    Strong,
}
