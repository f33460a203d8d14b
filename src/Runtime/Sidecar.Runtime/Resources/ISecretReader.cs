namespace Sidecar.Runtime.Resources;

/// <summary>How secret references of resources reach the secret stores, without this folder knowing them.</summary>
internal interface ISecretReader
{
    /// <summary>The value under that key of the secret, or null if the store, the secret or the key is not there.</summary>
    ValueTask<string?> ReadAsync(string store, string name, string key, CancellationToken cancellationToken);
}
