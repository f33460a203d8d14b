using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;
using Sidecar.Components.Http;

namespace Sidecar.Components.RabbitMq;

/// <summary>Where the broker is and how to get in: the fields of the connection, as the client library wants them.</summary>
internal static class RabbitMqAddress
{
    /// <exception cref="ComponentException">A field is wrong; the message holds no password.</exception>
    public static ConnectionFactory Read(ComponentMetadata metadata)
    {
        var uri = Address(metadata);
        var factory = new ConnectionFactory
        {
            // A subscription declares all it needs when it connects again, which the library's recovery cannot do for what
            // was deleted meanwhile; and what a publisher awaits fails at once.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            ClientProvidedName = metadata.Find("clientName"),
            RequestedHeartbeat = metadata.Duration("heartBeat", TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1)),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(10),
        };
        try
        {
            factory.Uri = uri;
        }
        catch (ArgumentException failure)
        {
            throw Malformed(failure);
        }

        if (metadata.Find("connectionString", "host") is null)
        {
            factory.UserName = metadata.Text("username", factory.UserName);
            factory.Password = metadata.Find("password") ?? (metadata.Find("username") is null ? factory.Password : "");
        }

        if (factory.Ssl.Enabled)
            factory.Ssl = Tls(metadata, uri.Host);
        if (metadata.Flag("saslExternal"))
            factory.AuthMechanisms = [External(metadata, factory)];
        return factory;
    }

    private static Uri Address(ComponentMetadata metadata)
    {
        var text = metadata.Find("connectionString", "host") ?? $"{metadata.Text("protocol", "amqp")}://{metadata.Text("hostname", "localhost")}";
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" && uri.Host.Length > 0 ? uri : throw Malformed(null);
    }

    // The text itself may hold a password.
    private static ComponentException Malformed(Exception? inner) => new(
        "metadata field 'connectionString' (or 'protocol' and 'hostname') is no address of the form amqp://user:password@host:port/vhost; characters such as @, /, : and # in a password are written as %40, %2F, %3A and %23", inner);

    private static ExternalMechanismFactory External(ComponentMetadata metadata, ConnectionFactory factory)
    {
        foreach (var field in (ReadOnlySpan<string>)["caCert", "clientCert", "clientKey"])
        {
            if (metadata.Find(field) is null)
                throw new ComponentException($"metadata field 'saslExternal' needs '{field}'");
        }

        return factory.Ssl.Enabled ? new ExternalMechanismFactory() : throw new ComponentException("metadata field 'saslExternal' needs an address with amqps://");
    }

    /// <summary>The library lets the name in a certificate be any; here it counts.</summary>
    private static SslOption Tls(ComponentMetadata metadata, string host)
    {
        try
        {
            var tls = ClientTls.Create(metadata.Text("caCert", ""), metadata.Text("clientCert", ""), metadata.Text("clientKey", ""), allowRenegotiation: false);
            var option = new SslOption(host, enabled: true)
            {
                Version = SslProtocols.None,
                CertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, tls.CertificateChainPolicy),
            };
            if (tls.ClientCertificates is { } own)
            {
                option.Certs = own;
                option.CertificateSelectionCallback = (_, _, _, _, _) => own[0];
            }

            return option;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new ComponentException($"metadata field 'caCert', 'clientCert' or 'clientKey' is no PEM of its kind: {failure.Message}", failure);
        }
    }

    private static bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, X509ChainPolicy? policy)
    {
        if (policy is null || certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
            return errors == SslPolicyErrors.None;
        using var own = new X509Chain { ChainPolicy = policy.Clone() };

        // What the server sent along.
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        using var leaf = new X509Certificate2(certificate);
        return own.Build(leaf);
    }
}
