using Dapr.Client;
using Dapr.Extensions.Configuration.DaprSecretStore;
using Microsoft.Extensions.Configuration;

namespace Dapr.Extensions.Configuration;

/// <summary>Reads secrets of Dapr into the configuration.</summary>
public static class DaprSecretStoreConfigurationExtensions
{
    /// <summary>Adds the secrets named.</summary>
    /// <exception cref="DaprException">When the configuration is built: the sidecar is not there, or a required secret cannot be read.</exception>
    public static IConfigurationBuilder AddDaprSecretStore(this IConfigurationBuilder configurationBuilder, string store, IEnumerable<DaprSecretDescriptor> secretDescriptors, DaprClient client)
    {
        ArgumentNullException.ThrowIfNull(secretDescriptors);
        return configurationBuilder.AddStore(store, client, source => source.SecretDescriptors = secretDescriptors);
    }

    /// <summary>As above, with a limit for waiting for the sidecar.</summary>
    public static IConfigurationBuilder AddDaprSecretStore(this IConfigurationBuilder configurationBuilder, string store, IEnumerable<DaprSecretDescriptor> secretDescriptors, DaprClient client, TimeSpan sidecarWaitTimeout)
    {
        ArgumentNullException.ThrowIfNull(secretDescriptors);
        return configurationBuilder.AddStore(store, client, source => (source.SecretDescriptors, source.SidecarWaitTimeout) = (secretDescriptors, sidecarWaitTimeout));
    }

    /// <summary>Adds all secrets that the app may see.</summary>
    public static IConfigurationBuilder AddDaprSecretStore(this IConfigurationBuilder configurationBuilder, string store, DaprClient client, IReadOnlyDictionary<string, string>? metadata = null) =>
        configurationBuilder.AddStore(store, client, source => source.Metadata = metadata);

    /// <summary>As above, with a limit for waiting for the sidecar.</summary>
    public static IConfigurationBuilder AddDaprSecretStore(this IConfigurationBuilder configurationBuilder, string store, DaprClient client, TimeSpan sidecarWaitTimeout, IReadOnlyDictionary<string, string>? metadata = null) =>
        configurationBuilder.AddStore(store, client, source => (source.Metadata, source.SidecarWaitTimeout) = (metadata, sidecarWaitTimeout));

    /// <summary>Adds all secrets that the app may see; the delimiters in their names become <c>:</c>.</summary>
    public static IConfigurationBuilder AddDaprSecretStore(this IConfigurationBuilder configurationBuilder, string store, DaprClient client, IEnumerable<string>? keyDelimiters) =>
        configurationBuilder.AddStore(store, client, source => source.KeyDelimiters = keyDelimiters?.ToList() ?? source.KeyDelimiters);

    /// <summary>As above, with a limit for waiting for the sidecar.</summary>
    public static IConfigurationBuilder AddDaprSecretStore(this IConfigurationBuilder configurationBuilder, string store, DaprClient client, IEnumerable<string>? keyDelimiters, TimeSpan sidecarWaitTimeout) =>
        configurationBuilder.AddStore(store, client, source => (source.KeyDelimiters, source.SidecarWaitTimeout) = (keyDelimiters?.ToList() ?? source.KeyDelimiters, sidecarWaitTimeout));

    /// <summary>Adds a source with everything it can say.</summary>
    public static IConfigurationBuilder AddDaprSecretStore(this IConfigurationBuilder configurationBuilder, Action<DaprSecretStoreConfigurationSource> configureSource) =>
        configurationBuilder.Add(configureSource);

    private static IConfigurationBuilder AddStore(this IConfigurationBuilder builder, string store, DaprClient client, Action<DaprSecretStoreConfigurationSource> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(store);
        ArgumentNullException.ThrowIfNull(client);
        var source = new DaprSecretStoreConfigurationSource { Store = store, Client = client };
        configure(source);
        return builder.Add(source);
    }
}
