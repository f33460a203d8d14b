using System.Security.Cryptography;
using Sidecar.Components.Kafka.Native;

namespace Sidecar.Components.Kafka;

/// <summary>How a client proves who it is, and whether its connections are encrypted: <c>authType</c> and its fields.</summary>
/// <param name="Settings">For librdkafka.</param>
/// <param name="Tokens">Where tokens of OIDC come from; null with any other authType.</param>
internal sealed record KafkaSecurity(IReadOnlyList<KafkaSetting> Settings, OidcOptions? Tokens)
{
    /// <exception cref="ComponentException">A field is missing or wrong.</exception>
    public static KafkaSecurity Read(ComponentMetadata metadata)
    {
        var authType = ReadAuthType(metadata);
        var usesTls = authType != "none" && !metadata.Flag("disableTls");
        List<KafkaSetting> settings = usesTls ? [.. ReadTls(metadata)] : [];
        switch (authType)
        {
            case "none":
                return new KafkaSecurity([new("security.protocol", "plaintext", "authType")], null);
            case "password":
                settings.AddRange(ReadPassword(metadata, usesTls));
                return new KafkaSecurity(settings, null);
            case "mtls" or "certificate":
                settings.Add(new("security.protocol", usesTls ? "ssl" : "plaintext", "authType"));
                return new KafkaSecurity(settings, null);
            case "oidc":
                settings.Add(Sasl(usesTls));
                settings.Add(new("sasl.mechanism", "OAUTHBEARER", "authType"));
                return new KafkaSecurity(settings, OidcOptions.Read(metadata));
            case "oidc_private_key_jwt" or "awsiam":
                throw new ComponentException($"metadata field 'authType' is '{authType}', which this runtime does not speak; it knows none, password, mtls, certificate and oidc");
            default:
                throw new ComponentException($"metadata field 'authType' is '{authType}', expected none, password, mtls, certificate or oidc");
        }
    }

    private static string ReadAuthType(ComponentMetadata metadata)
    {
        if (metadata.Find("authType") is { } authType)
            return authType.ToLowerInvariant();
        return metadata.Find("authRequired") is null
            ? throw new ComponentException("metadata field 'authType' is required: none, password, mtls, certificate or oidc")
            : metadata.Flag("authRequired") ? "password" : "none";
    }

    private static KafkaSetting Sasl(bool usesTls) => new("security.protocol", usesTls ? "sasl_ssl" : "sasl_plaintext", "authType");

    private static IEnumerable<KafkaSetting> ReadPassword(ComponentMetadata metadata, bool usesTls)
    {
        yield return Sasl(usesTls);
        yield return new("sasl.mechanism", Mechanism(metadata), "saslMechanism");
        yield return new("sasl.username", metadata.Required("saslUsername"), "saslUsername", IsSecret: true);
        yield return new("sasl.password", metadata.Required("saslPassword"), "saslPassword", IsSecret: true);
    }

    private static string Mechanism(ComponentMetadata metadata) => metadata.Text("saslMechanism", "PLAINTEXT").ToUpperInvariant() switch
    {
        "SHA-256" => "SCRAM-SHA-256",
        "SHA-512" => "SCRAM-SHA-512",
        _ => "PLAIN",
    };

    private static IEnumerable<KafkaSetting> ReadTls(ComponentMetadata metadata)
    {
        if (Pem(metadata, "caCert") is { } root)
            yield return new("ssl.ca.pem", root, "caCert", IsSecret: true);
        var (certificate, key) = (Pem(metadata, "clientCert"), Pem(metadata, "clientKey"));
        if ((certificate is null) != (key is null))
            throw new ComponentException($"metadata fields 'clientCert' and 'clientKey' belong together; '{(key is null ? "clientKey" : "clientCert")}' is missing");
        if (certificate is not null)
            yield return new("ssl.certificate.pem", certificate, "clientCert", IsSecret: true);
        if (key is not null)
            yield return new("ssl.key.pem", key, "clientKey", IsSecret: true);
        if (metadata.Flag("skipVerify"))
            yield return new("enable.ssl.certificate.verification", "false", "skipVerify");
    }

    private static string? Pem(ComponentMetadata metadata, string name)
    {
        if (metadata.Find(name) is not { } text)
            return null;
        return PemEncoding.TryFind(text, out _) ? text : throw new ComponentException($"metadata field '{name}' is no PEM text (-----BEGIN …)");
    }
}
