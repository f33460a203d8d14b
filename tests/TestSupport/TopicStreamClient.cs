using Google.Protobuf.Reflection;
using Sidecar.Grpc;
using Sidecar.Protos;
using Xunit;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace TestSupport;

/// <summary>A streaming subscription as a client has it. It reads only when a test does.</summary>
public sealed class TopicStreamClient : IAsyncDisposable
{
    private static readonly GrpcMethod<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> Method =
        GrpcMethod.Of<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1>(
            DaprReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Dapr").FindMethodByName("SubscribeTopicEventsAlpha1"));

    private readonly CancellationTokenSource _cancel = new();
    private readonly StreamingCall<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> _call;

    private TopicStreamClient(GrpcChannel channel) => _call = channel.OpenDuplex(Method, cancellationToken: _cancel.Token);

    /// <summary>Opens a stream and waits for the initial response.</summary>
    public static async Task<TopicStreamClient> OpenAsync(
        GrpcChannel channel, string topic, string pubsub = "pubsub", string? deadLetterTopic = null, params (string Name, string Value)[] metadata)
    {
        var stream = await BeginAsync(channel, Initial(pubsub, topic, deadLetterTopic, metadata));
        var isOpen = await stream._call.ReadAsync().AsTask().WithinAsync("the initial response");
        Assert.True(isOpen, $"the stream ended with {stream._call.Status}");
        Assert.NotNull(stream._call.Current.InitialResponse);
        return stream;
    }

    /// <summary>Opens a stream and says nothing.</summary>
    public static TopicStreamClient OpenSilently(GrpcChannel channel) => new(channel);

    /// <summary>Opens a stream whose first request is this one, and reads nothing.</summary>
    public static async Task<TopicStreamClient> BeginAsync(GrpcChannel channel, SubscribeTopicEventsRequestAlpha1 first)
    {
        var stream = new TopicStreamClient(channel);
        await stream._call.WriteAsync(first);
        return stream;
    }

    public static SubscribeTopicEventsRequestAlpha1 Initial(string pubsub, string topic, string? deadLetterTopic = null, params (string Name, string Value)[] metadata)
    {
        var initial = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = pubsub, Topic = topic };
        if (deadLetterTopic is not null)
            initial.DeadLetterTopic = deadLetterTopic;
        foreach (var (name, value) in metadata)
            initial.Metadata[name] = value;
        return new SubscribeTopicEventsRequestAlpha1 { InitialRequest = initial };
    }

    /// <summary>The next event.</summary>
    public async Task<TopicEventRequest> NextAsync()
    {
        var isThere = await _call.ReadAsync().AsTask().WithinAsync("an event on the stream");
        Assert.True(isThere, $"the stream ended with {_call.Status}");
        return _call.Current.EventMessage;
    }

    public async Task AnswerAsync(string id, Status status = Status.Success) => Assert.True(await _call.WriteAsync(
        new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = id, Status = new TopicEventResponse { Status = status } } }));

    public async Task SendAsync(SubscribeTopicEventsRequestAlpha1 request) => await _call.WriteAsync(request);

    /// <summary>Says that no more answers follow.</summary>
    public async Task CompleteAsync() => await _call.CompleteAsync();

    /// <summary>Breaks it off.</summary>
    public void Cancel() => _cancel.Cancel();

    /// <summary>Reads to the end of the stream, and says how it ended.</summary>
    public async Task<GrpcStatus> EndAsync()
    {
        while (await _call.ReadAsync().AsTask().WithinAsync("the end of the stream"))
        {
        }

        return _call.Status!;
    }

    public async ValueTask DisposeAsync()
    {
        await _call.DisposeAsync();
        _cancel.Dispose();
    }
}
