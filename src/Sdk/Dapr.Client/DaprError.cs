namespace Dapr;

/// <summary>The body of an error answer of the sidecar.</summary>
public class DaprError
{
    /// <summary>Such as <c>ERR_STATE_STORE_NOT_FOUND</c>.</summary>
    public string ErrorCode { get; set; } = "";

    /// <summary>What happened.</summary>
    public string Message { get; set; } = "";
}
