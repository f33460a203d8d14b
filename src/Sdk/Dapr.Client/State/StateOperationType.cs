namespace Dapr.Client;

/// <summary>What an operation of a transaction does with its key.</summary>
public enum StateOperationType
{
    /// <summary>Writes the value, new or over the old one.</summary>
    Upsert,

    /// <summary>Removes the key.</summary>
    Delete,
}
