namespace Sidecar.Runtime.Resources;

/// <summary>Reads secrets for <c>secretKeyRef</c>; implemented by who holds the secret stores.</summary>
internal interface ISecretReader
{
    /// <summary>The secret's value, or null when the store has no such secret or the secret no such key.</summary>
    /// <param name="store">Component name of the secret store.</param>
    /// <param name="name">Name of the secret.</param>
    /// <param name="key">Key within the secret.</param>
    /// <exception cref="Sidecar.Components.ComponentException">The store is not loaded or cannot be read.</exception>
    ValueTask<string?> ReadAsync(string store, string name, string key, CancellationToken cancellationToken);
}
