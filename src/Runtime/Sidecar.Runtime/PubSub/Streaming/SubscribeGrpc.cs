using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Hosting.Reload;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resources;
using TopicSubscription = Sidecar.Runtime.PubSub.Routing.TopicSubscription;

namespace Sidecar.Runtime.PubSub.Streaming;

/// <summary>Streaming subscriptions over gRPC (contract section 3.4, SubscribeTopicEventsAlpha1).</summary>
internal static class SubscribeGrpc
{
    // Every event of a stream has this path: there is nothing to route by.
    private static readonly IReadOnlyList<RouteRule> Rules = [new RouteRule("", "/")];
    private static readonly SubscribeTopicEventsResponseAlpha1 InitialResponse = new() { InitialResponse = new SubscribeTopicEventsResponseInitialAlpha1() };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var streams = routes.ServiceProvider.GetRequiredService<StreamingFeature>();
        routes.MapDuplex<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1>(
            DaprService.Method("SubscribeTopicEventsAlpha1"), (requests, responses, call) => SubscribeAsync(requests, responses, call, streams));
    }

    private static async Task SubscribeAsync(
        MessageReader<SubscribeTopicEventsRequestAlpha1> requests, MessageWriter<SubscribeTopicEventsResponseAlpha1> responses, ServerCall call, StreamingFeature streams)
    {
        // It lets go of a component that a reload takes away, while a request would be waited for.
        RequestsUnderWay.LeaveEarly(call.HttpContext);
        try
        {
            var isThere = await requests.ReadAsync(streams.Stopping).ConfigureAwait(false);
            var refusal = Check(isThere ? requests.Current.InitialRequest : null, out var subscription);
            call.Status = refusal ??
                await streams.RunAsync(subscription!, (stream, token) => ServeAsync(stream, requests, responses, token), call.CancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (streams.Stopping.IsCancellationRequested && !call.CancellationToken.IsCancellationRequested)
        {
            // It was still to say what it wants.
            call.Status = StreamErrors.Stopping;
        }
    }

    private static GrpcStatus? Check(SubscribeTopicEventsRequestInitialAlpha1? initial, out TopicSubscription? subscription)
    {
        subscription = null;
        if (initial is null)
            return StreamErrors.NoInitialRequest;
        if (initial.PubsubName.Length == 0)
            return StreamErrors.NoPubsubName;
        if (initial.Topic.Length == 0)
            return StreamErrors.NoTopic;
        subscription = Read(initial);
        return null;
    }

    private static TopicSubscription Read(SubscribeTopicEventsRequestInitialAlpha1 initial) =>
        new(initial.PubsubName, initial.Topic, SubscriptionType.Streaming, Rules)
        {
            DeadLetterTopic = TopicSubscription.EmptyAsNull(initial.DeadLetterTopic),
            Metadata = new Dictionary<string, string>(initial.Metadata),
        };

    /// <summary>Both directions at once, until one of them ends or the stream is told to end. Neither goes on afterwards: the call owns what they use.</summary>
    private static async Task<GrpcStatus> ServeAsync(
        TopicStream stream, MessageReader<SubscribeTopicEventsRequestAlpha1> requests, MessageWriter<SubscribeTopicEventsResponseAlpha1> responses, CancellationToken cancellationToken)
    {
        await responses.WriteAsync(InitialResponse, cancellationToken).ConfigureAwait(false);
        using var serving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = stream.SendAsync(responses, serving.Token);
        var taking = stream.TakeAnswersAsync(requests, serving.Token);
        var first = await Task.WhenAny(stream.Ended, taking, sending).ConfigureAwait(false);
        await serving.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(taking, sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first == sending)
            await sending.ConfigureAwait(false);
        return await (first == stream.Ended ? stream.Ended : taking).ConfigureAwait(false);
    }
}
