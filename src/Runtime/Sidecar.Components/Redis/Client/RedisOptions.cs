using System.Globalization;
using System.Security.Cryptography;
using Sidecar.Components.Http;

namespace Sidecar.Components.Redis;

internal readonly record struct RedisEndpoint(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>Which server, and how it is talked to. Components with equal options share their connections.</summary>
internal sealed record RedisOptions
{
    private const int UsualPort = 6379;

    /// <summary>One server; with <see cref="MasterName"/> the sentinels.</summary>
    public required RedisEndpoint[] Endpoints { get; init; }

    /// <summary>Without a password there is no login, and it is of no use.</summary>
    public string Username { get; init; } = "";

    public string Password { get; init; } = "";

    public string SentinelUsername { get; init; } = "";

    public string SentinelPassword { get; init; } = "";

    /// <summary>The master that sentinels are asked for; empty = no sentinels.</summary>
    public string MasterName { get; init; } = "";

    public int Database { get; init; }

    public bool UsesTls { get; init; }

    public bool TrustsAnyCertificate { get; init; }

    public string ClientCertificate { get; init; } = "";

    public string ClientKey { get; init; } = "";

    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From sending a command to its reply; <see cref="Timeout.InfiniteTimeSpan"/> = no limit.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What messages call the server.</summary>
    public string Address => MasterName.Length > 0
        ? $"master '{MasterName}' of the sentinels {string.Join(", ", Endpoints)}"
        : $"Redis at {Endpoints[0]}";

    /// <summary>Equal for components that may share a client. It holds secrets, and is not for eyes.</summary>
    public string Key => string.Join('\u0001', [
        .. Endpoints.Select(endpoint => endpoint.ToString()), Username, Password, SentinelUsername, SentinelPassword, MasterName, $"{Database}",
        $"{UsesTls}{TrustsAnyCertificate}", ClientCertificate, ClientKey, $"{DialTimeout}", $"{ReadTimeout}", $"{WriteTimeout}"]);

    /// <exception cref="ComponentException">A field is wrong, or asks for what this runtime cannot do.</exception>
    public static RedisOptions Read(ComponentMetadata metadata)
    {
        RefuseWhatIsNotHere(metadata);
        var master = "";
        if (metadata.Flag("failover") && (master = metadata.Text("sentinelMasterName", "")).Length == 0)
            throw new ComponentException("metadata field 'sentinelMasterName' is required where 'failover' is true");
        var read = Interval(metadata, "readTimeout", TimeSpan.FromSeconds(3));
        var options = new RedisOptions
        {
            Endpoints = Hosts(metadata, isList: master.Length > 0),
            Username = metadata.Text("redisUsername", ""),
            Password = metadata.Text("redisPassword", ""),
            SentinelUsername = metadata.Text("sentinelUsername", ""),
            SentinelPassword = metadata.Text("sentinelPassword", ""),
            MasterName = master,
            Database = metadata.Integer("redisDB", 0, 0),
            UsesTls = metadata.Flag("enableTLS"),
            TrustsAnyCertificate = metadata.Flag("insecureSkipTLSVerify"),
            ClientCertificate = metadata.Text("clientCert", ""),
            ClientKey = metadata.Text("clientKey", ""),
            DialTimeout = Interval(metadata, "dialTimeout", TimeSpan.FromSeconds(5)),
            ReadTimeout = read,
            WriteTimeout = Interval(metadata, "writeTimeout", read),
        };
        if (options.UsesTls)
            options.Tls(options.Endpoints[0]);
        return options;
    }

    /// <exception cref="ComponentException">Certificate and key are no PEM, or do not belong together.</exception>
    public System.Net.Security.SslClientAuthenticationOptions Tls(RedisEndpoint endpoint)
    {
        try
        {
            var hasBoth = ClientCertificate.Length > 0 && ClientKey.Length > 0;
            var tls = ClientTls.Create("", hasBoth ? ClientCertificate : "", hasBoth ? ClientKey : "", allowRenegotiation: false);
            tls.TargetHost = endpoint.Host;
            if (TrustsAnyCertificate)
                tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
            return tls;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new ComponentException($"metadata fields 'clientCert' and 'clientKey' are no certificate with its key, both in PEM: {failure.Message}", failure);
        }
    }

    private static void RefuseWhatIsNotHere(ComponentMetadata metadata)
    {
        switch (metadata.Text("redisType", "node").ToLowerInvariant())
        {
            case "node":
                break;
            case "cluster":
                throw new ComponentException("metadata field 'redisType' is 'cluster', which this runtime does not have yet; it talks to one server, or to a master by sentinels ('failover')");
            case var other:
                throw new ComponentException($"metadata field 'redisType' is '{other}', expected node or cluster");
        }

        foreach (var field in (ReadOnlySpan<string>)["useEntraID", "useAzureAD", "useOIDC"])
        {
            if (metadata.Flag(field))
                throw new ComponentException($"metadata field '{field}' is true; this runtime logs in to Redis with 'redisUsername' and 'redisPassword' only");
        }
    }

    private static RedisEndpoint[] Hosts(ComponentMetadata metadata, bool isList)
    {
        var text = metadata.Required("redisHost");
        var port = metadata.Integer("redisPort", 0, 1, ushort.MaxValue);
        RedisEndpoint[] hosts = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(host => Host(host, port))];
        if (hosts.Length == 0)
            throw new ComponentException("metadata field 'redisHost' is empty, expected host:port");
        return hosts.Length == 1 || isList
            ? hosts
            : throw new ComponentException("metadata field 'redisHost' names several servers, which only sentinels ('failover') can be");
    }

    private static RedisEndpoint Host(string text, int port)
    {
        var colon = text.LastIndexOf(':');

        // More than one colon and no brackets: an IPv6 address without a port.
        var hasPort = colon >= 0 && (text[0] == '[' ? text[colon - 1] == ']' : text.IndexOf(':', StringComparison.Ordinal) == colon);
        var host = (hasPort ? text[..colon] : text).Trim('[', ']');
        if (!hasPort)
            return new RedisEndpoint(host, port > 0 ? port : UsualPort);
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var own) || own == 0 || host.Length == 0)
            throw new ComponentException($"metadata field 'redisHost' is '{text}', expected host:port");
        return port == 0 || port == own
            ? new RedisEndpoint(host, own)
            : throw new ComponentException($"metadata field 'redisHost' names port {own} and 'redisPort' {port}");
    }

    private static TimeSpan Interval(ComponentMetadata metadata, string name, TimeSpan defaultValue) =>
        metadata.Duration(name, defaultValue, TimeSpan.FromMilliseconds(1)) switch
        {
            var given when given < TimeSpan.Zero => Timeout.InfiniteTimeSpan,
            var given when given == TimeSpan.Zero => defaultValue,
            var given => given,
        };
}
