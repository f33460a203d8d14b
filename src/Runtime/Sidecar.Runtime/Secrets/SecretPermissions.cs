using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Secrets;

/// <summary>Which secrets the app may read: the Configuration's <c>secrets.scopes</c>. Names match exactly.</summary>
internal sealed class SecretPermissions(LiveResources resources)
{
    /// <summary>A list of allowed secrets decides alone; then the denied ones; then the default of the scope.</summary>
    public bool Allows(string store, string secret)
    {
        SecretScope? scope = null;
        foreach (var candidate in resources.Current.Configuration.SecretScopes)
        {
            if (candidate.StoreName == store)
                scope = candidate;
        }

        if (scope is null)
            return true;
        if (scope.AllowedSecrets.Count > 0)
            return scope.AllowedSecrets.Contains(secret);
        return !scope.DeniedSecrets.Contains(secret) && scope.AllowByDefault;
    }
}
