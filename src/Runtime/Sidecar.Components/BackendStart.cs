using Microsoft.Extensions.Logging;

namespace Sidecar.Components;

/// <summary>A component whose server is not up yet waits for it, and says so, until its initTimeout ends that.</summary>
internal static partial class BackendStart
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    /// <param name="backend">For example <c>RabbitMQ</c>.</param>
    /// <param name="mayPass">Whether another attempt can end otherwise; what cannot, is thrown at once.</param>
    public static async Task ConnectAsync(
        string backend, Func<CancellationToken, Task> attempt, Func<Exception, bool> mayPass, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await attempt(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (mayPass(failure))
            {
                Waiting(logger, backend, failure.Message);
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for {Backend}: {Reason}; trying again within the component's initTimeout")]
    private static partial void Waiting(ILogger logger, string backend, string reason);
}
