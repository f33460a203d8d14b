using Shop.ServiceDefaults;

namespace Shop.Gateway;

/// <summary>
/// Opens the public API once every service of the shop has been ready, its subscriptions included. It never closes again: from then
/// on each request finds out for itself whether what it needs is there.
/// </summary>
internal sealed class ReadinessGate(ServiceInvoker services, TimeProvider clock, ILogger<ReadinessGate> log) : BackgroundService, IReadiness
{
    private static readonly string[] Apps = ["orders", "inventory", "payments", "notifications"];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A sidecar may take seconds to say that an app cannot be reached; asking anew finds out sooner when it can.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a request waits for the gate. Whoever reads that every service is healthy may be here a moment before the next look
    /// at them is.
    /// </summary>
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string? Lacks => _opened.Task.IsCompleted ? null : "Not every service has been ready yet.";

    /// <summary>True as soon as the gate is open; false when that takes too long or the client has gone.</summary>
    public async ValueTask<bool> OpensAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _opened.Task.WaitAsync(Hold, clock, cancellationToken);
            return true;
        }
        catch (Exception shut) when (shut is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(Apps.Select(app => AwaitReadyAsync(app, stoppingToken)));
        _opened.SetResult();
        log.Opened();
    }

    private async Task AwaitReadyAsync(string app, CancellationToken stoppingToken)
    {
        while (!await IsReadyAsync(app, stoppingToken))
            await Task.Delay(Pause, clock, stoppingToken);
        log.Ready(app);
    }

    private async Task<bool> IsReadyAsync(string app, CancellationToken stoppingToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, patience.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{app}/readyz");
            using var response = await services.SendAsync(request, either.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or OperationCanceledException && !stoppingToken.IsCancellationRequested)
        {
            // The sidecars start at the same time as the services; not being reached is the rule at first.
            return false;
        }
    }
}
