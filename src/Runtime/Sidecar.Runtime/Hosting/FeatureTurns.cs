namespace Sidecar.Runtime.Hosting;

/// <summary>Tells the slices of what happens, one event at a time: the app's health and a reload may both have news.</summary>
internal sealed class FeatureTurns(IEnumerable<ISidecarFeature> features) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>In the order in which they are told of everything but the stop.</summary>
    public IReadOnlyList<ISidecarFeature> Features { get; } = [.. features];

    /// <summary>Tells each slice in turn. The first that fails ends it.</summary>
    public Task TellAsync(Func<ISidecarFeature, CancellationToken, Task> what, CancellationToken cancellationToken) => TakeAsync(
        async () =>
        {
            foreach (var feature in Features)
                await what(feature, cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Runs a step during which no slice is told anything else.</summary>
    public async Task TakeAsync(Func<Task> step, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await step().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
