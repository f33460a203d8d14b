using System.Text;
using RabbitMQ.Client;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.RabbitMq;

/// <summary>
/// What a subscription has on the broker, under Dapr's own names and with its arguments, so that either can go on with the
/// other's queues: the exchange is the topic, the queue is <c>&lt;consumerID&gt;-&lt;topic&gt;</c>.
/// </summary>
internal sealed class RabbitMqQueue
{
    private const string MaxLength = "x-max-length";
    private const string MaxLengthBytes = "x-max-length-bytes";

    private readonly RabbitMqOptions _options;
    private readonly Dictionary<string, object?> _arguments = [];
    private readonly string[] _bindingKeys;
    private readonly int _prefetchCount;

    /// <exception cref="RabbitMqFault">The subscription's metadata has no meaning.</exception>
    public RabbitMqQueue(PubSubSubscription subscription, RabbitMqOptions options)
    {
        RabbitMqPublication.CheckTopic(subscription.Topic);
        var metadata = subscription.Metadata;
        (_options, Topic) = (options, subscription.Topic);
        Name = RequestFields.Find(metadata, "queueName") ?? $"{options.ConsumerId}-{subscription.Topic}";
        if (Encoding.UTF8.GetByteCount(Name) > RabbitMqPublication.MaximumName - (options.EnableDeadLetter ? "dlx-".Length : 0))
            throw new RabbitMqFault($"the queue '{Name[..40]}…' of topic '{Topic}' has a name that is too long; name a shorter one as 'queueName' in the subscription's metadata", isPermanent: true);
        _bindingKeys = (RequestFields.Find(metadata, "routingKey") ?? "").Split(',');

        // A limit below the size of a batch would keep the batch from ever being whole.
        _prefetchCount = options.PrefetchCount == 0 ? 0 : Math.Min(Math.Max(options.PrefetchCount, subscription.BatchSize), ushort.MaxValue);

        Limit(_arguments, options.MaxLength, options.MaxLengthBytes);
        Limit(_arguments, RequestFields.Number(metadata, "maxLen", "subscription") ?? 0, RequestFields.Number(metadata, "maxLenBytes", "subscription") ?? 0);
        if (options.EnableDeadLetter)
            _arguments[Headers.XDeadLetterExchange] = DeadLetterExchange;
        if (RequestFields.Number(metadata, "maxPriority", "subscription") is { } priority)
            _arguments[Headers.XMaxPriority] = (byte)Math.Min(priority, byte.MaxValue);
        if (GoText.IsTruthy(RequestFields.Find(metadata, "singleActiveConsumer")))
            _arguments["x-single-active-consumer"] = true;
        _arguments[Headers.XQueueType] = RequestFields.Find(metadata, "queueType") switch
        {
            null or "classic" => "classic",
            "quorum" => "quorum",
            var other => throw new RabbitMqFault($"metadata 'queueType' of the subscription to '{Topic}' is '{other}', expected classic or quorum", isPermanent: true),
        };
    }

    public string Name { get; }

    public string Topic { get; }

    private string DeadLetterExchange => $"dlx-{Name}";

    private string DeadLetterQueue => $"dlq-{Name}";

    /// <summary>A tag that no other consumer of the queue has.</summary>
    public string NewConsumerTag()
    {
        var unique = $"-{Guid.NewGuid()}";
        var name = Name;
        while (Encoding.UTF8.GetByteCount(name) + unique.Length > RabbitMqPublication.MaximumName)
            name = name[..(name.Length - (char.IsLowSurrogate(name[^1]) ? 2 : 1))];
        return name + unique;
    }

    /// <summary>Makes what is missing; the channel then takes as many messages as it may have under way.</summary>
    /// <exception cref="RabbitMqFault">The broker refuses.</exception>
    public async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        await StepAsync($"the exchange '{Topic}'", () => channel.ExchangeDeclareAsync(
            Topic, _options.ExchangeKind, _options.Durable, _options.DeletedWhenUnused, cancellationToken: cancellationToken)).ConfigureAwait(false);
        if (_options.EnableDeadLetter)
            await StepAsync($"the dead letter queue '{DeadLetterQueue}' of topic '{Topic}'", () => DeclareDeadLettersAsync(channel, cancellationToken)).ConfigureAwait(false);
        await StepAsync($"the queue '{Name}' of topic '{Topic}'", () => channel.QueueDeclareAsync(
            Name, _options.Durable, exclusive: false, _options.DeletedWhenUnused, _arguments, cancellationToken: cancellationToken)).ConfigureAwait(false);
        if (_prefetchCount > 0)
            await channel.BasicQosAsync(0, (ushort)_prefetchCount, global: false, cancellationToken).ConfigureAwait(false);
        foreach (var key in _bindingKeys)
            await StepAsync($"the binding of queue '{Name}' to topic '{Topic}'", () => channel.QueueBindAsync(Name, Topic, key, cancellationToken: cancellationToken)).ConfigureAwait(false);
    }

    private async Task DeclareDeadLettersAsync(IChannel channel, CancellationToken cancellationToken)
    {
        Dictionary<string, object?> arguments = [];
        Limit(arguments, _options.MaxLength, _options.MaxLengthBytes);
        arguments["x-queue-mode"] = "lazy";
        await channel.ExchangeDeclareAsync(DeadLetterExchange, ExchangeType.Fanout, durable: true, _options.DeletedWhenUnused, cancellationToken: cancellationToken).ConfigureAwait(false);
        await channel.QueueDeclareAsync(DeadLetterQueue, durable: true, exclusive: false, _options.DeletedWhenUnused, arguments, cancellationToken: cancellationToken).ConfigureAwait(false);
        await channel.QueueBindAsync(DeadLetterQueue, DeadLetterExchange, "", cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private static void Limit(Dictionary<string, object?> arguments, long length, long bytes)
    {
        if (length > 0)
            arguments[MaxLength] = length;
        if (bytes > 0)
            arguments[MaxLengthBytes] = bytes;
    }

    private static async Task StepAsync(string what, Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            throw RabbitMqFault.OfOperation(what, failure);
        }
    }
}
