using Microsoft.Extensions.Logging;

namespace Sidecar.Components.State;

/// <summary>
/// Deletes expired items every so often. They are invisible at once, so this is a matter of space: what fails is tried again
/// at the next interval.
/// </summary>
internal sealed partial class StateCleanup : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _cleaning;

    /// <param name="interval">Nothing or less = never.</param>
    public StateCleanup(TimeSpan interval, Func<CancellationToken, Task> clean, TimeProvider time, ILogger logger) =>
        _cleaning = interval > TimeSpan.Zero ? CleanAsync(interval, clean, time, logger) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _cleaning.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task CleanAsync(TimeSpan interval, Func<CancellationToken, Task> clean, TimeProvider time, ILogger logger)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                try
                {
                    await clean(_stopping.Token).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
                {
                    CleanupFailed(logger, failure);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired state could not be deleted; trying again at the next interval")]
    private static partial void CleanupFailed(ILogger logger, Exception failure);
}
