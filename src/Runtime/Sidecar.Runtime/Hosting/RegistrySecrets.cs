using Sidecar.Components.Secrets;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>Reads secrets for resources from the secret stores that are loaded.</summary>
internal sealed class RegistrySecrets(ComponentRegistry registry) : ISecretReader
{
    public async ValueTask<string?> ReadAsync(string store, string name, string key, CancellationToken cancellationToken)
    {
        if (registry.Find<ISecretStore>(store) is not { } secrets)
            return null;
        var values = await secrets.GetAsync(name, new Dictionary<string, string>(), cancellationToken).ConfigureAwait(false);
        return values?.GetValueOrDefault(key);
    }
}
