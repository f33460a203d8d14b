namespace Dapr;

/// <summary>A call to the Dapr sidecar failed. The inner exception holds the cause.</summary>
public class DaprException : Exception
{
    /// <summary>A failure without a cause to show.</summary>
    public DaprException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public DaprException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
