using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Hosting;

/// <summary>The steps of a stop: each is taken even if one before it failed, and all share one limit.</summary>
internal sealed class StopSteps(CancellationToken grace)
{
    public ILogger? Logger { get; set; }

    public Task TakeAsync(Func<Task> step) => TakeAsync(step, grace);

    /// <summary>Takes the step, and waits for it while there is time; what takes longer ends by itself or with the process.</summary>
    public async Task TakeAsync(Func<Task> step, CancellationToken limit)
    {
        try
        {
            // Away from this thread, which may be the one that tells everybody of the limit: the web server's disposal blocks
            // until its stop has heard of it.
            await Task.Run(step, CancellationToken.None).WaitAsync(limit).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The limit is over, which is told once at the end.
        }
        catch (Exception failure)
        {
            Logger?.StopFailed(failure.Message);
        }
    }
}
