using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc;
using Sidecar.Protos;

namespace TestSupport;

/// <summary>What an app under test was invoked with.</summary>
public sealed record GrpcAppRequest(InvokeRequest Message, Metadata Metadata, DateTimeOffset? Deadline)
{
    public string Text => Message.Data.Value.ToStringUtf8();
}

/// <summary>
/// An app on a free port that speaks gRPC: AppCallback, its health check, and a service <c>test.Echo</c> of its own, whose
/// messages are bytes. It answers as a test says.
/// </summary>
public sealed class GrpcTestApp : IAsyncDisposable
{
    private const string Service = "test.Echo";

    private WebApplication? _host;

    public int Port { get; } = FreePorts.Next();

    /// <summary>All invocations so far, oldest first.</summary>
    public ConcurrentQueue<GrpcAppRequest> Invoked { get; } = new();

    /// <summary>Paths of all calls that came in, also of those that nobody serves; oldest first.</summary>
    public ConcurrentQueue<string> Paths { get; } = new();

    /// <summary>Is not implemented unless a test says so.</summary>
    public Func<InvokeRequest, ServerCall, Task<InvokeResponse>>? OnInvoke { get; set; }

    /// <summary>Is well unless a test says otherwise.</summary>
    public Func<ServerCall, Task<HealthCheckResponse>>? OnHealthCheck { get; set; }

    /// <summary>Echoes unless a test says otherwise.</summary>
    public Func<ReadOnlyMemory<byte>, ServerCall, Task<ReadOnlyMemory<byte>>>? OnUnary { get; set; }

    /// <summary>Echoes each message unless a test says otherwise.</summary>
    public Func<MessageReader<ReadOnlyMemory<byte>>, MessageWriter<ReadOnlyMemory<byte>>, ServerCall, Task>? OnDuplex { get; set; }

    /// <summary>Sends the request's message three times unless a test says otherwise.</summary>
    public Func<ReadOnlyMemory<byte>, MessageWriter<ReadOnlyMemory<byte>>, ServerCall, Task>? OnServerStreaming { get; set; }

    /// <summary>Calls that have begun and not ended.</summary>
    public int CallsUnderWay => _host!.Services.GetRequiredService<GrpcServer>().CallsUnderWay;

    public static GrpcMethod<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Unary { get; } = GrpcMethod.Raw(Service, "Unary", GrpcMethodKind.Unary);

    public static GrpcMethod<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Duplex { get; } = GrpcMethod.Raw(Service, "Duplex", GrpcMethodKind.Duplex);

    public static GrpcMethod<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> ServerStreaming { get; } = GrpcMethod.Raw(Service, "ServerStreaming", GrpcMethodKind.ServerStreaming);

    /// <summary>Answers with all messages in one.</summary>
    public static GrpcMethod<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> ClientStreaming { get; } = GrpcMethod.Raw(Service, "ClientStreaming", GrpcMethodKind.ClientStreaming);

    public static async Task<GrpcTestApp> StartAsync(Action<GrpcTestApp>? configure = null)
    {
        var app = new GrpcTestApp();
        configure?.Invoke(app);
        await app.StartListeningAsync();
        return app;
    }

    /// <summary>A response with a text.</summary>
    public static InvokeResponse Text(string text, string contentType = "text/plain") =>
        new() { Data = new Any { Value = ByteString.CopyFromUtf8(text) }, ContentType = contentType };

    public async Task StartListeningAsync(Action<Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions>? listener = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.UseGrpcLimits();
            server.ListenLocalhost(Port, listen =>
            {
                listen.UseHttp2Cleartext();
                listener?.Invoke(listen);
            });
        });
        builder.Services.AddGrpcServer(options => options.MaxReceiveMessageSize = 64 * 1024 * 1024);
        _host = builder.Build();
        _host.Use((context, next) =>
        {
            Paths.Enqueue(context.Request.Path.Value ?? "");
            return next(context);
        });
        Map(_host);
        await _host.StartAsync();
    }

    /// <summary>Drops what it has noted and been told, for the next test that shares it.</summary>
    public void Forget()
    {
        Invoked.Clear();
        (OnInvoke, OnHealthCheck, OnUnary, OnDuplex, OnServerStreaming) = (null, null, null, null, null);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is null)
            return;
        // What is under way is not waited for.
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _host.StopAsync(atOnce.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _host.DisposeAsync();
        _host = null;
    }

    private static async Task EchoAsync(MessageReader<ReadOnlyMemory<byte>> requests, MessageWriter<ReadOnlyMemory<byte>> responses, ServerCall call)
    {
        await foreach (var message in requests.ReadAllAsync())
            await responses.WriteAsync(message);
    }

    private static async Task ThriceAsync(ReadOnlyMemory<byte> message, MessageWriter<ReadOnlyMemory<byte>> responses, ServerCall call)
    {
        for (var sent = 0; sent < 3; sent++)
            await responses.WriteAsync(message);
    }

    private static async Task<ReadOnlyMemory<byte>> JoinAsync(MessageReader<ReadOnlyMemory<byte>> requests)
    {
        List<byte> all = [];
        await foreach (var message in requests.ReadAllAsync())
            all.AddRange(message.Span);
        return all.ToArray();
    }

    private void Map(IEndpointRouteBuilder routes)
    {
        var callback = AppcallbackReflection.Descriptor.Services.ToDictionary(service => service.Name);
        routes.MapUnary<InvokeRequest, InvokeResponse>(callback["AppCallback"].FindMethodByName("OnInvoke"), (request, call) =>
        {
            Invoked.Enqueue(new GrpcAppRequest(request, call.RequestMetadata, call.Deadline));
            return OnInvoke?.Invoke(request, call) ?? Task.FromResult(call.Fail<InvokeResponse>(new GrpcStatus(StatusCode.Unimplemented, "nothing is invoked here")));
        });
        routes.MapUnary<Empty, HealthCheckResponse>(callback["AppCallbackHealthCheck"].FindMethodByName("HealthCheck"), (_, call) => OnHealthCheck?.Invoke(call) ?? Task.FromResult(new HealthCheckResponse()));
        routes.MapUnary(Unary, (message, call) => OnUnary?.Invoke(message, call) ?? Task.FromResult(message));
        routes.MapDuplex(Duplex, (requests, responses, call) => (OnDuplex ?? EchoAsync)(requests, responses, call));
        routes.MapServerStreaming(ServerStreaming, (message, responses, call) => (OnServerStreaming ?? ThriceAsync)(message, responses, call));
        routes.MapClientStreaming(ClientStreaming, (requests, _) => JoinAsync(requests));
        routes.MapGrpcFallback();
    }
}
