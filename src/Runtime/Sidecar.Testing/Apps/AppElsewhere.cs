namespace Sidecar.Testing.Apps;

/// <summary>An app that somebody else runs, or none at all.</summary>
internal sealed class AppElsewhere : ITestApp
{
    public IServiceProvider? Services => null;

    public Task StartAsync(AppSurroundings surroundings, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
