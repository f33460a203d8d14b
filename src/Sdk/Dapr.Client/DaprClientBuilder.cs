using System.Text.Json;

namespace Dapr.Client;

/// <summary>Builds a <see cref="DaprClient"/>. What is not set comes from the environment, or from Dapr's defaults.</summary>
public sealed class DaprClientBuilder
{
    private Uri _httpEndpoint;
    private JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);
    private string? _apiToken;
    private TimeSpan? _timeout;

    /// <summary>A builder with the settings of the environment.</summary>
    /// <exception cref="ArgumentException">An endpoint in the environment is not an http or https address.</exception>
    public DaprClientBuilder()
        : this(settings: null)
    {
    }

    internal DaprClientBuilder(Func<string, string?>? settings)
    {
        _httpEndpoint = DaprDefaults.ParseEndpoint(DaprDefaults.HttpEndpoint(settings), nameof(settings));
        _apiToken = DaprDefaults.ApiToken(settings);
    }

    /// <summary>Sets the sidecar's HTTP endpoint, such as <c>http://127.0.0.1:3500</c>.</summary>
    /// <exception cref="ArgumentException">Not an http or https address.</exception>
    public DaprClientBuilder UseHttpEndpoint(string httpEndpoint)
    {
        _httpEndpoint = DaprDefaults.ParseEndpoint(httpEndpoint, nameof(httpEndpoint));
        return this;
    }

    /// <summary>Checks the sidecar's gRPC endpoint. This implementation speaks HTTP to the sidecar and has no further use for it.</summary>
    /// <exception cref="ArgumentException">Not an http or https address.</exception>
    public DaprClientBuilder UseGrpcEndpoint(string grpcEndpoint)
    {
        DaprDefaults.ParseEndpoint(grpcEndpoint, nameof(grpcEndpoint));
        return this;
    }

    /// <summary>Sets how values become JSON; <see cref="JsonSerializerDefaults.Web"/> unless set.</summary>
    public DaprClientBuilder UseJsonSerializationOptions(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _json = options;
        return this;
    }

    /// <summary>Sets the token that the sidecar asks for; empty for none.</summary>
    public DaprClientBuilder UseDaprApiToken(string apiToken)
    {
        _apiToken = string.IsNullOrEmpty(apiToken) ? null : apiToken;
        return this;
    }

    /// <summary>Sets how long one call may take; 100 seconds unless set.</summary>
    public DaprClientBuilder UseTimeout(TimeSpan timeout)
    {
        _timeout = timeout;
        return this;
    }

    /// <summary>The client. It is meant to live as long as the app.</summary>
    public DaprClient Build()
    {
        var http = new HttpClient(SidecarHandlers.Shared, disposeHandler: false);
        http.DefaultRequestHeaders.UserAgent.Add(DaprHttpClient.Agent);
        if (_timeout is { } timeout)
            http.Timeout = timeout;
        return new DaprHttpClient(new SidecarConnection(http, _httpEndpoint, _apiToken, _json), TimeProvider.System);
    }
}
