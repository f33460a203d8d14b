using Microsoft.Extensions.Logging;
using Sidecar.Components.Secrets;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Secrets;

/// <summary>The rules of the secrets block (contract section 2.8), for every front. Failures are values.</summary>
internal sealed class SecretsEngine(ComponentRegistry components, SecretPermissions permissions, ResiliencyPolicies policies, ILogger<SecretsEngine> logger)
{
    /// <summary>The secret's values by name; neither result nor error if it has none.</summary>
    public async ValueTask<(IReadOnlyDictionary<string, string>? Secret, DaprError? Error)> GetAsync(
        string storeName, string key, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        if (FindStore(storeName, out var error) is not { } store)
            return (null, error);
        if (!permissions.Allows(storeName, key))
        {
            logger.GetForbidden(storeName, key);
            return (null, SecretsErrors.PermissionDenied(storeName, key));
        }

        try
        {
            var secret = await GuardOf(storeName).CallAsync(
                "get", key, (store, key, metadata), static (call, token) => call.store.GetAsync(call.key, call.metadata, token), cancellationToken).ConfigureAwait(false);
            return secret switch
            {
                null => (null, SecretsErrors.Get(storeName, key, $"secret {key} not found")),
                { Count: 0 } => (null, null),
                _ => (secret, null),
            };
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.GetFailed(storeName, key, failure);
            return (null, SecretsErrors.Get(storeName, key, failure.Message));
        }
    }

    /// <summary>All secrets of the store that this app may see; neither result nor error if there are none at all.</summary>
    public async ValueTask<(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Secrets, DaprError? Error)> GetAllAsync(
        string storeName, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        if (FindStore(storeName, out var error) is not { } store)
            return (null, error);
        try
        {
            var all = await GuardOf(storeName).CallAsync(
                "get", "all secrets", (store, metadata), static (call, token) => call.store.GetAllAsync(call.metadata, token), cancellationToken).ConfigureAwait(false);
            return all.Count == 0
                ? (null, null)
                : (all.Where(secret => permissions.Allows(storeName, secret.Key)).ToDictionary(StringComparer.Ordinal), null);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.GetAllFailed(storeName, failure);
            return (null, SecretsErrors.GetAll(storeName, failure.Message));
        }
    }

    private TargetGuard GuardOf(string storeName) => policies.Component(storeName, ComponentBlocks.Secretstore, FlowDirection.Outbound);

    private ISecretStore? FindStore(string name, out DaprError? error)
    {
        var store = components.Find<ISecretStore>(name);
        error = store is not null ? null
            : components.HasAny<ISecretStore>() ? SecretsErrors.NotFound(name)
            : SecretsErrors.NotConfigured();
        return store;
    }
}
