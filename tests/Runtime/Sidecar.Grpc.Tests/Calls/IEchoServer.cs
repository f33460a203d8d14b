namespace Sidecar.Grpc.Tests.Calls;

/// <summary>A server of <c>echo.proto</c>, ours or another's.</summary>
public interface IEchoServer : IAsyncDisposable
{
    Uri Address { get; }

    /// <summary>Waits until a stream of requests was told to pause, and is not read any more.</summary>
    Task PausedAsync();

    /// <summary>Waits until the server has noticed that a call of the method was cancelled.</summary>
    Task CancelledAsync(string method);
}
