using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Sidecar.Grpc;
using Sidecar.Protos;

namespace TestSupport;

/// <summary>What a gRPC app was told of an event.</summary>
public sealed record EventArrival(TopicEventRequest Event, Metadata Metadata);

/// <summary>An app on a free port that hears events by AppCallback and answers as a test says. A method for which nothing is said is not implemented.</summary>
public sealed class GrpcEventApp : IAsyncDisposable
{
    private readonly Channel<EventArrival> _events = Channel.CreateUnbounded<EventArrival>();
    private readonly Channel<TopicEventBulkRequest> _batches = Channel.CreateUnbounded<TopicEventBulkRequest>();
    private WebApplication? _host;

    public int Port { get; } = FreePorts.Next();

    /// <summary>Answers ListTopicSubscriptions.</summary>
    public Func<ListTopicSubscriptionsResponse>? Subscriptions { get; set; }

    public Func<TopicEventRequest, Task<TopicEventResponse>>? OnTopicEvent { get; set; }

    public Func<TopicEventBulkRequest, TopicEventBulkResponse>? OnBulkTopicEvent { get; set; }

    public Func<TopicEventBulkRequest, TopicEventBulkResponse>? OnBulkTopicEventAlpha1 { get; set; }

    /// <summary>Answers health checks.</summary>
    public Func<HealthCheckResponse>? Health { get; set; }

    /// <summary>Names of the methods that were called, oldest first.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    public static async Task<GrpcEventApp> StartAsync(Action<GrpcEventApp>? configure = null)
    {
        var app = new GrpcEventApp();
        configure?.Invoke(app);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.ListenLocalhost(app.Port, listener => listener.UseHttp2Cleartext()));
        builder.Services.AddGrpcServer();
        app._host = builder.Build();
        app._host.UseRouting();
        app.Map(app._host);
        app._host.MapGrpcFallback();
        await app._host.StartAsync();
        return app;
    }

    /// <summary>Answers every event with this status.</summary>
    public GrpcEventApp Answering(TopicEventResponse.Types.TopicEventResponseStatus status)
    {
        OnTopicEvent = _ => Task.FromResult(new TopicEventResponse { Status = status });
        return this;
    }

    public Task<EventArrival> NextAsync() => _events.Reader.ReadAsync().AsTask().WithinAsync("an event at the app");

    public Task<TopicEventBulkRequest> NextBatchAsync() => _batches.Reader.ReadAsync().AsTask().WithinAsync("a batch at the app");

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }

    private void Map(IEndpointRouteBuilder routes)
    {
        Map<Empty, ListTopicSubscriptionsResponse>(routes, "AppCallback", "ListTopicSubscriptions", (_, _) => Subscriptions is { } answer ? Task.FromResult(answer()) : null);
        Map<TopicEventRequest, TopicEventResponse>(routes, "AppCallback", "OnTopicEvent", (request, call) =>
        {
            _events.Writer.TryWrite(new EventArrival(request, call.RequestMetadata));
            return OnTopicEvent?.Invoke(request);
        });
        Map<TopicEventBulkRequest, TopicEventBulkResponse>(routes, "AppCallback", "OnBulkTopicEvent", (request, _) => Batch(OnBulkTopicEvent, request));
        Map<TopicEventBulkRequest, TopicEventBulkResponse>(routes, "AppCallbackAlpha", "OnBulkTopicEventAlpha1", (request, _) => Batch(OnBulkTopicEventAlpha1, request));
        Map<Empty, HealthCheckResponse>(routes, "AppCallbackHealthCheck", "HealthCheck", (_, _) => Health is { } answer ? Task.FromResult(answer()) : null);
    }

    private Task<TopicEventBulkResponse>? Batch(Func<TopicEventBulkRequest, TopicEventBulkResponse>? answer, TopicEventBulkRequest request)
    {
        if (answer is null)
            return null;
        _batches.Writer.TryWrite(request);
        return Task.FromResult(answer(request));
    }

    private void Map<TRequest, TResponse>(IEndpointRouteBuilder routes, string service, string name, Func<TRequest, ServerCall, Task<TResponse>?> answer)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var method = AppcallbackReflection.Descriptor.FindTypeByName<ServiceDescriptor>(service).FindMethodByName(name);
        routes.MapUnary<TRequest, TResponse>(method, (request, call) =>
        {
            Calls.Enqueue(name);
            return answer(request, call) ?? Task.FromResult(call.Fail<TResponse>(new GrpcStatus(StatusCode.Unimplemented, $"{name} is not implemented")));
        });
    }
}
