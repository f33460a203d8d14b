namespace Sidecar.Daprd;

/// <summary><c>--wait</c>: returns when the sidecar of this machine at that port serves (contract 1.1).</summary>
internal static class WaitForSidecar
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>True as soon as it is ready; false if it is not within a minute.</summary>
    public static async Task<bool> IsReadyAsync(int httpPort, TimeProvider time)
    {
        using var http = new HttpClient { Timeout = RequestTimeout };
        using var limit = new CancellationTokenSource(Patience, time);
        using var pause = new PeriodicTimer(Interval, time);
        try
        {
            while (!await AnswersAsync(http, new Uri($"http://localhost:{httpPort}/v1.0/healthz/outbound"), limit.Token))
                await pause.WaitForNextTickAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(address, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException || (notYet is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
