namespace Sidecar.Runtime.Hosting;

/// <summary>One running sidecar.</summary>
public sealed class SidecarInstance : IAsyncDisposable
{
    public string AppId => throw new NotImplementedException();

    /// <summary>Port of the HTTP API, as bound.</summary>
    public int HttpPort => throw new NotImplementedException();

    /// <summary>Port of the gRPC API, as bound.</summary>
    public int GrpcPort => throw new NotImplementedException();

    /// <summary>Completes when the app answers, both questions to it are done and subscriptions run; fails if the sidecar stops before.</summary>
    public Task Healthy => throw new NotImplementedException();

    /// <summary>Completes when the sidecar has stopped, with its exit code: 0 after a graceful stop, 1 after a fatal error or a forced shutdown.</summary>
    public Task<int> Stopped => throw new NotImplementedException();

    /// <summary>Adds to the extended metadata (<c>appPID</c> is known only after the app has started).</summary>
    public void SetExtendedMetadata(string name, string value) => throw new NotImplementedException();

    /// <summary>Graceful stop: no new messages, those under way finish, listeners close.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
