namespace Dapr.Extensions.Configuration;

/// <summary>A secret to be read into the configuration.</summary>
public class DaprSecretDescriptor
{
    /// <summary>A secret without metadata.</summary>
    /// <param name="secretName">Its name in the configuration.</param>
    /// <param name="isRequired">False leaves out a secret that cannot be read.</param>
    /// <param name="secretKey">Its name in the secret store; empty = <paramref name="secretName"/>.</param>
    public DaprSecretDescriptor(string secretName, bool isRequired = true, string secretKey = "")
        : this(secretName, new Dictionary<string, string>(), isRequired, secretKey)
    {
    }

    /// <summary>A secret with metadata.</summary>
    /// <param name="secretName">Its name in the configuration.</param>
    /// <param name="metadata">Passed to the secret store.</param>
    /// <param name="isRequired">False leaves out a secret that cannot be read.</param>
    /// <param name="secretKey">Its name in the secret store; empty = <paramref name="secretName"/>.</param>
    public DaprSecretDescriptor(string secretName, IReadOnlyDictionary<string, string> metadata, bool isRequired = true, string secretKey = "")
    {
        SecretName = secretName;
        Metadata = metadata;
        IsRequired = isRequired;
        SecretKey = string.IsNullOrEmpty(secretKey) ? secretName : secretKey;
    }

    /// <summary>Its name in the configuration.</summary>
    public string SecretName { get; }

    /// <summary>Passed to the secret store.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>False leaves out a secret that cannot be read.</summary>
    public bool IsRequired { get; }

    /// <summary>Its name in the secret store.</summary>
    public string SecretKey { get; }
}
