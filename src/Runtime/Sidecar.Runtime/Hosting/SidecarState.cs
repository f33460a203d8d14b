namespace Sidecar.Runtime.Hosting;

/// <summary>How far the sidecar has come, for the health routes.</summary>
internal sealed class SidecarState
{
    private volatile bool _outboundReady;
    private volatile bool _ready;

    /// <summary>Components are loaded and the API is served.</summary>
    public bool OutboundReady
    {
        get => _outboundReady;
        set => _outboundReady = value;
    }

    /// <summary>The app answers, has been asked, and subscriptions run.</summary>
    public bool Ready
    {
        get => _ready;
        set => _ready = value;
    }
}

/// <summary>Asks for the end of the sidecar from within; the argument is true for a forced one.</summary>
internal sealed class ShutdownRequest(Action<bool> request)
{
    public void Stop(bool force) => request(force);
}
