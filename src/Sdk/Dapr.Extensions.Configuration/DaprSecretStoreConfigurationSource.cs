using Dapr.Client;
using Microsoft.Extensions.Configuration;

namespace Dapr.Extensions.Configuration.DaprSecretStore;

/// <summary>A secret store of Dapr as a source of configuration.</summary>
public class DaprSecretStoreConfigurationSource : IConfigurationSource
{
    /// <summary>The secret store's component name; required.</summary>
    public string Store { get; set; } = null!;

    /// <summary>Whether <see cref="KeyDelimiters"/> become <c>:</c>; true unless set.</summary>
    public bool NormalizeKey { get; set; } = true;

    /// <summary>What parts the sections of a name in the store; <c>__</c> unless set.</summary>
    public IList<string> KeyDelimiters { get; set; } = ["__"];

    /// <summary>The secrets to read; null = all that the app may see.</summary>
    public IEnumerable<DaprSecretDescriptor>? SecretDescriptors { get; set; }

    /// <summary>Passed to the secret store when all secrets are read.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; set; }

    /// <summary>The client that reads; required.</summary>
    public DaprClient Client { get; set; } = null!;

    /// <summary>How long to wait for the sidecar, which may start together with the app; 5 s unless set.</summary>
    public TimeSpan? SidecarWaitTimeout { get; set; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Something required is missing, or secrets are named together with metadata for all.</exception>
    public IConfigurationProvider Build(IConfigurationBuilder builder)
    {
        ArgumentException.ThrowIfNullOrEmpty(Store);
        ArgumentNullException.ThrowIfNull(Client);
        if (SecretDescriptors is not null && Metadata is not null)
            throw new ArgumentException($"{nameof(Metadata)} is for reading all secrets; with {nameof(SecretDescriptors)} each secret has its own.");
        if (SecretDescriptors?.Any() == false)
            throw new ArgumentException($"{nameof(SecretDescriptors)} names no secret.");
        return new DaprSecretStoreConfigurationProvider(this);
    }
}
