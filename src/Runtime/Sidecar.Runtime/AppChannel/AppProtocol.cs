using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>What <c>--app-protocol</c> says of the way to the app (contract 1.1).</summary>
/// <param name="IsGrpc">The app serves AppCallback and services of its own; else it is called by HTTP.</param>
/// <param name="IsHttp2">HTTP/2, without TLS from its first byte on; else HTTP/1.1.</param>
/// <param name="IsTls">By TLS, whose certificate is not checked: the app is the sidecar's own neighbour.</param>
internal readonly record struct AppProtocol(bool IsGrpc, bool IsHttp2, bool IsTls)
{
    /// <summary>All there are.</summary>
    public static readonly IReadOnlyList<string> Names = ["http", "https", "h2c", "grpc", "grpcs"];

    /// <summary>One that is not known counts as http; a sidecar does not start with it.</summary>
    public static AppProtocol Of(SidecarOptions options) => options.AppProtocol.ToLowerInvariant() switch
    {
        "https" => new(IsGrpc: false, IsHttp2: false, IsTls: true),
        "h2c" => new(IsGrpc: false, IsHttp2: true, IsTls: false),
        "grpc" => new(IsGrpc: true, IsHttp2: true, IsTls: false),
        "grpcs" => new(IsGrpc: true, IsHttp2: true, IsTls: true),
        _ => default,
    };

    /// <summary>Scheme, host and port of the app.</summary>
    public Uri OriginOf(SidecarOptions options) =>
        // The builder puts an IPv6 address into brackets.
        new(new UriBuilder(IsTls ? "https" : "http", options.AppChannelAddress, options.AppPort).Uri.GetLeftPart(UriPartial.Authority));
}
