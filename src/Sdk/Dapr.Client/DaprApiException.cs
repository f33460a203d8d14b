namespace Dapr;

/// <summary>The sidecar answered, and its answer was an error.</summary>
public class DaprApiException : DaprException
{
    /// <summary>An error of which nothing more is known.</summary>
    public DaprApiException()
        : this("The Dapr API call failed.")
    {
    }

    /// <summary>An error known by its text only.</summary>
    public DaprApiException(string message)
        : this(message, errorCode: "", isTransient: false)
    {
    }

    /// <summary>An error known by its text and cause.</summary>
    public DaprApiException(string message, Exception innerException)
        : this(message, innerException, errorCode: "", isTransient: false)
    {
    }

    /// <summary>An error known by its code only.</summary>
    public DaprApiException(string errorCode, bool isTransient)
        : this($"The Dapr API call failed with {errorCode}.", errorCode, isTransient)
    {
    }

    /// <summary>An error with text and code.</summary>
    public DaprApiException(string message, string errorCode, bool isTransient)
        : base(message)
    {
        ErrorCode = errorCode;
        IsTransient = isTransient;
    }

    /// <summary>An error with text, cause and code.</summary>
    public DaprApiException(string message, Exception inner, string errorCode, bool isTransient)
        : base(message, inner)
    {
        ErrorCode = errorCode;
        IsTransient = isTransient;
    }

    /// <summary>The code of the sidecar's error body, such as <c>ERR_STATE_STORE_NOT_FOUND</c>; empty when it sent none.</summary>
    public string ErrorCode { get; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient { get; }
}
