namespace Sidecar.Runtime.Hosting;

/// <summary>Tells the observer of the app's health. Added after all slices, so that theirs is done when it speaks.</summary>
internal sealed class AppHealthObservation(SidecarOptions options) : ISidecarFeature
{
    public Task OnAppReadyAsync(CancellationToken cancellationToken) => OnAppHealthChangedAsync(isHealthy: true, cancellationToken);

    public Task OnAppHealthChangedAsync(bool isHealthy, CancellationToken cancellationToken)
    {
        options.Observer?.AppHealthChanged(isHealthy);
        return Task.CompletedTask;
    }
}
