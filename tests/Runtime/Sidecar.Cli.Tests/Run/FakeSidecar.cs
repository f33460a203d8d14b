using Sidecar.Cli.Running;

namespace Sidecar.Cli.Tests.Run;

/// <summary>A sidecar that becomes healthy and stops when a test says so.</summary>
internal sealed class FakeSidecar : ISidecar
{
    public TaskCompletionSource BecomesHealthy { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<int> Stops { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the sidecar is told the number of the app's process.</summary>
    public TaskCompletionSource AppStarts { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Healthy => BecomesHealthy.Task;

    public Task<int> Stopped => Stops.Task;

    public Task SetMetadataAsync(string name, string value, CancellationToken cancellationToken)
    {
        AppStarts.TrySetResult();
        return Task.CompletedTask;
    }

    public Task StopAsync() => Task.CompletedTask;
}
