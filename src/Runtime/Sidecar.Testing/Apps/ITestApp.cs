using Microsoft.Extensions.DependencyInjection;
using Sidecar.Testing.Observing;

namespace Sidecar.Testing.Apps;

/// <summary>How an app of the host comes to run.</summary>
internal interface ITestApp : IAsyncDisposable
{
    /// <summary>The app's own services; null when it does not run in this process.</summary>
    IServiceProvider? Services { get; }

    Task StartAsync(AppSurroundings surroundings, CancellationToken cancellationToken);
}

/// <summary>What an app is given at its start.</summary>
/// <param name="Port">Where it is to listen, on the loopback address.</param>
/// <param name="Settings">What <c>dapr run</c> would set in its environment: DAPR_HTTP_PORT and so on.</param>
/// <param name="Clock">Time of the app and its sidecar; null = real time.</param>
internal sealed record AppSurroundings(string AppId, int Port, IReadOnlyDictionary<string, string> Settings, FakeClock? Clock, CapturedLog Log)
{
    public void AddTo(IServiceCollection services)
    {
        if (Clock is not null)
            services.AddSingleton<TimeProvider>(Clock);
    }

    public AppLogs Logs() => new(Log, AppId);
}
