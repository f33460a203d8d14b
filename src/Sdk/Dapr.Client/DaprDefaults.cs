using System.Globalization;

namespace Dapr;

/// <summary>Where the sidecar is, unless told otherwise: environment variables, or the configuration that a host passes in.</summary>
internal static class DaprDefaults
{
    public const string ApiTokenHeader = "dapr-api-token";

    public static string HttpEndpoint(Func<string, string?>? settings = null) =>
        Endpoint(settings, "DAPR_HTTP_ENDPOINT", "DAPR_HTTP_PORT", 3500);

    public static string GrpcEndpoint(Func<string, string?>? settings = null) =>
        Endpoint(settings, "DAPR_GRPC_ENDPOINT", "DAPR_GRPC_PORT", 50001);

    /// <summary>The token that the sidecar asks of its callers; null when none is set.</summary>
    public static string? ApiToken(Func<string, string?>? settings = null) => Read(settings, "DAPR_API_TOKEN");

    /// <summary>The token that the sidecar shows to the app; null when none is set.</summary>
    public static string? AppApiToken(Func<string, string?>? settings = null) => Read(settings, "APP_API_TOKEN");

    /// <summary>Checks an endpoint given by a caller.</summary>
    /// <exception cref="ArgumentException">Not an absolute http or https address.</exception>
    public static Uri ParseEndpoint(string endpoint, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(endpoint, parameter);
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException($"'{endpoint}' is not an http or https address of a Dapr endpoint.", parameter);
        return uri;
    }

    private static string Endpoint(Func<string, string?>? settings, string endpointName, string portName, int port)
    {
        if (Read(settings, endpointName) is { } endpoint)
            return endpoint;
        var text = Read(settings, portName);
        if (text is not null && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port))
            throw new DaprException($"{portName} is '{text}', which is not a port number.");
        // The address and not the name: resolving localhost may try IPv6 first, where the sidecar does not listen.
        return string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
    }

    private static string? Read(Func<string, string?>? settings, string name)
    {
        var value = settings?.Invoke(name);
        if (string.IsNullOrWhiteSpace(value))
            value = Environment.GetEnvironmentVariable(name);
        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }
}
