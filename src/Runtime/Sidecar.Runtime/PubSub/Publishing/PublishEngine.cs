using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>Where a message goes, after every check that does not need its body.</summary>
/// <param name="Topic">As the app knows it.</param>
/// <param name="Metadata">Of the request, handed to the component as it came.</param>
/// <param name="Read">What the sidecar itself obeys in it.</param>
internal sealed record PublishTarget(Broker Broker, string Topic, IReadOnlyDictionary<string, string> Metadata, PublishMetadata Read)
{
    /// <summary>The same with the trace among the metadata: a raw message has no envelope that could carry it.</summary>
    public PublishTarget WithTrace(TraceContext trace)
    {
        var metadata = new Dictionary<string, string>(Metadata, StringComparer.Ordinal) { ["traceid"] = trace.TraceParent };
        if (trace.TraceState.Length > 0)
            metadata[TraceContext.StateHeader] = trace.TraceState;
        return this with { Metadata = metadata };
    }
}

/// <summary>The rules of publishing one message (contract section 2.6).</summary>
internal sealed class PublishEngine(Brokers brokers, ResiliencyPolicies policies, SidecarOptions options, TimeProvider time, ILogger<PublishEngine> logger)
{
    /// <summary>For a guard: a driver takes a message.</summary>
    public static readonly Func<(IPubSub Broker, PubSubMessage Message), CancellationToken, ValueTask<bool>> Send = static async (call, token) =>
    {
        await call.Broker.PublishAsync(call.Message, token).ConfigureAwait(false);
        return true;
    };

    /// <summary>Finds the component and checks the request. Null on success, with the target.</summary>
    public DaprError? TryResolve(string pubsub, string topic, IReadOnlyDictionary<string, string> metadata, out PublishTarget? target)
    {
        target = null;
        if (pubsub.Length == 0)
            return PubSubErrors.NameEmpty(options.AppId);
        if (brokers.Find(pubsub) is not { } broker)
            return brokers.Any ? PubSubErrors.NotFound(pubsub, options.AppId) : PubSubErrors.NotConfigured(pubsub, options.AppId);
        if (topic.Length == 0)
            return PubSubErrors.TopicEmpty(pubsub, options.AppId);
        if (!PublishMetadata.TryRead(metadata, out var read, out var error))
            return PubSubErrors.BadMetadata(pubsub, options.AppId, error!);

        target = new PublishTarget(broker, topic, metadata, read);
        return null;
    }

    public DaprError? CheckPermission(PublishTarget target)
    {
        if (target.Broker.Permissions.MayPublish(target.Topic))
            return null;
        PubSubLog.PublishForbidden(logger, options.AppId, target.Topic, target.Broker.Name);
        return PubSubErrors.Forbidden(target.Broker.Name, target.Topic, options.AppId);
    }

    /// <summary>Makes the message for the broker: in an envelope, unless it is raw. Null on success, with the message.</summary>
    /// <param name="contentType">Of the data; null when the publisher named none.</param>
    public DaprError? TryWrap(PublishTarget target, ReadOnlyMemory<byte> data, string? contentType, TraceContext trace, out PubSubMessage? message)
    {
        var (broker, topic, metadata, read) = target;
        message = null;
        if (!read.IsRaw)
        {
            var envelope = new EnvelopeContext(
                options.AppId, broker.Name, topic, contentType, read, trace, time.GetLocalNow(), ExpirationFor(broker, read));
            if (!ContentTypes.Is(contentType, ContentTypes.CloudEvent))
                data = CloudEventEnvelope.Wrap(envelope, data.Span);
            else if (!CloudEventEnvelope.TryComplete(envelope, data.Span, out data))
                return PubSubErrors.CloudEventCreation(broker.Name, options.AppId, "the body is not a JSON object");
            contentType = ContentTypes.CloudEvent;
        }

        message = new PubSubMessage(broker.OnBroker(topic), data, contentType, metadata) { TimeToLive = read.TimeToLive };
        return null;
    }

    /// <summary>Wraps the data and hands it to the broker. Null once the broker has it.</summary>
    /// <param name="contentType">Of the data; null when the publisher named none.</param>
    public async ValueTask<DaprError?> PublishAsync(
        PublishTarget target, ReadOnlyMemory<byte> data, string? contentType, TraceContext trace, CancellationToken cancellationToken)
    {
        if (TryWrap(target, data, contentType, trace, out var message) is { } malformed)
            return malformed;
        try
        {
            await SendAsync(target, message!, cancellationToken).ConfigureAwait(false);
            options.Observer?.Published(target.Broker.Name, target.Topic, message!.Data);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            PubSubLog.PublishFailed(logger, failure, target.Topic, target.Broker.Name);
            return PubSubErrors.PublishFailed(target.Broker.Name, target.Topic, failure.Message);
        }
    }

    /// <summary>Hands a message to the broker under the policies of its component.</summary>
    public ValueTask<bool> SendAsync(PublishTarget target, PubSubMessage message, CancellationToken cancellationToken) =>
        GuardOf(target).CallAsync("publish to", target.Topic, (target.Broker.Driver, message), Send, cancellationToken);

    public TargetGuard GuardOf(PublishTarget target) => policies.Component(target.Broker.Name, ComponentBlocks.Pubsub, FlowDirection.Outbound);

    private DateTimeOffset? ExpirationFor(Broker broker, PublishMetadata read) =>
        read.TimeToLive is { } timeToLive && !broker.Driver.Features.HasFlag(PubSubFeatures.MessageTtl)
            ? time.GetUtcNow() + timeToLive
            : null;
}
