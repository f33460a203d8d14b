using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Testing;
using TestSupport;

namespace Sidecar.Daprd.Tests.Grpc;

/// <summary>Three real sidecars that know each other, in one process or as processes: of a caller, of an app that speaks gRPC, and of one that speaks HTTP.</summary>
public abstract class GrpcPair(string? daprd) : IAsyncLifetime
{
    public const string AppToken = "for-the-app";

    private static readonly GrpcMethod<InvokeServiceRequest, InvokeResponse> InvokeService =
        GrpcMethod.Of<InvokeServiceRequest, InvokeResponse>(DaprReflection.Descriptor.Services[0].FindMethodByName("InvokeService"));

    private DaprTestHost? _grpcHost;
    private DaprTestHost? _httpHost;

    internal GrpcTestApp App { get; private set; } = null!;

    internal TestApp HttpApp { get; private set; } = null!;

    /// <summary>The gRPC API of the caller's sidecar.</summary>
    public GrpcChannel Channel { get; private set; } = null!;

    public Uri Address => new(_grpcHost!["caller"].GrpcEndpoint);

    /// <summary>The HTTP API of the caller's sidecar.</summary>
    public HttpClient Http => _grpcHost!["caller"].Sidecar;

    public string Log => _grpcHost!.Log.ToString()!;

    public async ValueTask InitializeAsync()
    {
        App = await GrpcTestApp.StartAsync();
        HttpApp = await TestApp.StartAsync();
        // An app's protocol is its sidecar's affair, and a host has one set of flags: two hosts.
        _grpcHost = await StartAsync("grpc", host => host.SidecarOnly("caller").AppAt("grpc-app", App.Port));
        _httpHost = await StartAsync("http", host => host.SidecarOnly("http-caller").AppAt("http-app", HttpApp.Port));
        Channel = GrpcChannel.ForAddress(Address);
    }

    /// <summary>The gRPC API beside the app that speaks HTTP.</summary>
    public GrpcChannel ChannelToHttp() => GrpcChannel.ForAddress(new Uri(_httpHost!["http-caller"].GrpcEndpoint));

    public async Task<GrpcResult<InvokeResponse>> InvokeAsync(
        string appId, string method, HTTPExtension.Types.Verb verb, string data = "", string query = "", string contentType = "", Metadata? metadata = null, TimeSpan? timeout = null)
    {
        var request = new InvokeServiceRequest
        {
            Id = appId,
            Message = new InvokeRequest
            {
                Method = method,
                ContentType = contentType,
                Data = new Any { Value = ByteString.CopyFromUtf8(data) },
                HttpExtension = new HTTPExtension { Verb = verb, Querystring = query },
            },
        };
        using var channel = appId == "http-app" ? ChannelToHttp() : null;
        return await (channel ?? Channel).CallAsync(InvokeService, request, new CallOptions { Metadata = metadata, Timeout = timeout });
    }

    /// <summary>Metadata that names the app that speaks gRPC.</summary>
    public static CallOptions ToApp(params (string Key, string Value)[] more)
    {
        Metadata metadata = [];
        metadata.Add("dapr-app-id", "grpc-app");
        foreach (var (key, value) in more)
            metadata.Add(key, value);
        return new CallOptions { Metadata = metadata };
    }

    public Task StartCalleeAsync() => _grpcHost!["grpc-app"].StartSidecarAsync();

    public Task KillCalleeAsync() => _grpcHost!["grpc-app"].CrashSidecarAsync();

    public async ValueTask DisposeAsync()
    {
        Channel?.Dispose();
        // The app first: what is under way there ends, and no sidecar waits for it.
        await App.DisposeAsync();
        await HttpApp.DisposeAsync();
        if (_grpcHost is not null)
            await _grpcHost.DisposeAsync();
        if (_httpHost is not null)
            await _httpHost.DisposeAsync();
    }

    private Task<DaprTestHost> StartAsync(string protocol, Action<DaprTestHostBuilder> apps) => DaprTestHost.StartAsync(host =>
    {
        host.UseDaprd(daprd)
            .Patience(Eventually.Patience)
            .Environment("APP_API_TOKEN", AppToken)
            .Sidecars(options => options with { AppProtocol = protocol })
            .Flag("app-protocol", protocol);
        apps(host);
    });
}

public sealed class CoHostedGrpcPair() : GrpcPair(null);

public sealed class IsolatedGrpcPair() : GrpcPair(Path.Combine(AppContext.BaseDirectory, "daprd.dll"));
