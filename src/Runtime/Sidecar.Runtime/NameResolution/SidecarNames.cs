using System.Net;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.NameResolution;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Security.Mtls;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// A sidecar among those of other processes: it finds them, and is found by them from its registration on. Which file they share
/// is decided by the Configuration (<c>nameResolution.component: sqlite</c>), else by <see cref="SidecarOptions.NameRegistryFile"/>.
/// Without names of other processes all else works (contract 1.4, step 1).
/// </summary>
internal sealed class SidecarNames : IDisposable
{
    private readonly SidecarOptions _options;
    private readonly string _registrationId = Guid.NewGuid().ToString();
    private readonly CancellationTokenSource _stopping = new();
    private SqliteNameOptions? _settings;
    private RegistryFile? _file;
    private Task _renewing = Task.CompletedTask;

    private SidecarNames(SidecarOptions options) => _options = options;

    /// <summary>null: there is no file, or it cannot be used.</summary>
    public NameRegistry? Registry { get; private set; }

    /// <summary>Why there is no registry although one is asked for.</summary>
    public Exception? Failure { get; private set; }

    /// <param name="identity">For mTLS with the others; null = without TLS.</param>
    public static async Task<SidecarNames> OpenAsync(SidecarOptions options, NameResolutionSettings? configured, WorkloadIdentity? identity, CancellationToken cancellationToken)
    {
        var names = new SidecarNames(options);
        try
        {
            names._settings = Choose(options, configured);
            if (names._settings is not null)
            {
                names._file = await RegistryFile.OpenAsync(names._settings, options.Time, cancellationToken).ConfigureAwait(false);
                names.Registry = new NameRegistry(names._file, options.Time, identity);
            }
        }
        catch (Exception failure) when (failure is NameRegistryException or ComponentException)
        {
            names.Failure = failure;
        }

        return names;
    }

    /// <summary>From now on others find this sidecar.</summary>
    /// <param name="onLost">Called when another sidecar has taken the registration over, after which this one must end.</param>
    public async Task RegisterAsync(IPAddress address, int port, Action<Exception> onLost, ILogger logger, CancellationToken cancellationToken)
    {
        if (_file is not { } file || _settings is not { } settings)
            return;
        try
        {
            var advertised = new IPEndPoint(ListenAddress.Advertised(address, _options.Variable("DAPR_HOST_IP")), port).ToString();
            await file.UseAsync(table => table.Register(_registrationId, _options.AppId, advertised, _options.Time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
            if (settings.UpdateInterval is { } interval)
                _renewing = RenewAsync(file, settings, interval - settings.Timeout, onLost, logger, _stopping.Token);
        }
        catch (NameRegistryException failure)
        {
            logger.NoNameRegistry(failure.Message);
        }
    }

    /// <summary>Others find this sidecar no more; calls of its own that are under way go on.</summary>
    public async Task UnregisterAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_file is not null)
            await _file.UseAsync(table => table.Remove(_registrationId), CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose()
    {
        Registry?.Dispose();
        _stopping.Dispose();
    }

    private static SqliteNameOptions? Choose(SidecarOptions options, NameResolutionSettings? configured)
    {
        if (configured is { Component: "sqlite" })
            return SqliteNameOptions.Read(configured.Configuration, options.AppId, options.BaseDirectory);
        return options.NameRegistryFile is { } file ? new SqliteNameOptions(Path.GetFullPath(file, options.BaseDirectory)) : null;
    }

    private async Task RenewAsync(
        RegistryFile file, SqliteNameOptions settings, TimeSpan interval, Action<Exception> onLost, ILogger logger, CancellationToken cancellationToken)
    {
        var cleaned = _options.Time.GetUtcNow();
        using var pause = new PeriodicTimer(interval, _options.Time);
        while (await pause.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var now = _options.Time.GetUtcNow();
            try
            {
                if (!await file.UseAsync(table => table.Renew(_registrationId, now), cancellationToken).ConfigureAwait(false))
                {
                    onLost(new SidecarStartException($"another sidecar has taken over the address of {_options.AppId} in the name registry {settings.Path}"));
                    return;
                }

                if (settings.CleanupInterval > TimeSpan.Zero && now - cleaned >= settings.CleanupInterval)
                {
                    cleaned = now;
                    await file.UseAsync(table => table.Clean(now - settings.CleanupInterval), cancellationToken).ConfigureAwait(false);
                }
            }
            catch (NameRegistryException failure)
            {
                logger.NotRenewed(failure.Message);
            }
        }
    }
}
