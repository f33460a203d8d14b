namespace Sidecar.Runtime.Hosting;

/// <summary>A sidecar cannot start. The message names the file, component, flag or port at fault and the remedy.</summary>
public sealed class SidecarStartException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The sidecar's own log has told it already.</summary>
    public bool IsLogged { get; internal set; }
}
