using Dapr.Client;
using Microsoft.Extensions.Configuration;

namespace Dapr.Extensions.Configuration.DaprSecretStore;

/// <summary>Reads the secrets once, when the configuration is built.</summary>
internal sealed class DaprSecretStoreConfigurationProvider(DaprSecretStoreConfigurationSource source) : ConfigurationProvider
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(5);

    // Configuration is loaded synchronously; away from this thread, whose context the calls might wait for.
    public override void Load() => Data = Task.Run(LoadAsync).GetAwaiter().GetResult();

    private async Task<Dictionary<string, string?>> LoadAsync()
    {
        await WaitForSidecarAsync().ConfigureAwait(false);
        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (source.SecretDescriptors is { } descriptors)
        {
            foreach (var descriptor in descriptors)
                Add(data, await ReadAsync(descriptor).ConfigureAwait(false), descriptor);
            return data;
        }

        foreach (var (_, values) in await source.Client.GetBulkSecretAsync(source.Store, source.Metadata).ConfigureAwait(false))
            Add(data, values, descriptor: null);
        return data;
    }

    private async Task WaitForSidecarAsync()
    {
        var limit = source.SidecarWaitTimeout ?? DefaultWait;
        using var over = new CancellationTokenSource(limit, TimeProvider.System);
        try
        {
            await source.Client.WaitForSidecarAsync(over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException failure)
        {
            throw new DaprException($"Reading secret store '{source.Store}' into the configuration failed: the Dapr sidecar was not ready within {limit.TotalSeconds:0.###} s.", failure);
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> ReadAsync(DaprSecretDescriptor descriptor)
    {
        try
        {
            return await source.Client.GetSecretAsync(source.Store, descriptor.SecretKey, descriptor.Metadata).ConfigureAwait(false);
        }
        catch (DaprException) when (!descriptor.IsRequired)
        {
            // Left out, as its descriptor says.
            return new Dictionary<string, string>();
        }
    }

    private void Add(Dictionary<string, string?> data, IReadOnlyDictionary<string, string> values, DaprSecretDescriptor? descriptor)
    {
        foreach (var (name, value) in values)
        {
            // A secret of one value is named as itself, and may have another name in the configuration.
            var key = Normalize(name == descriptor?.SecretKey ? descriptor.SecretName : name);
            if (!data.TryAdd(key, value))
                throw new InvalidOperationException($"Secret store '{source.Store}' gives the configuration key '{key}' twice; rename one of the secrets, or name those to read.");
        }
    }

    private string Normalize(string key) =>
        source.NormalizeKey ? source.KeyDelimiters.Aggregate(key, (name, delimiter) => name.Replace(delimiter, ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)) : key;
}
