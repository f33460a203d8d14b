using Microsoft.Extensions.Logging;
using Sidecar.Components.Kafka.Native;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Kafka;

/// <summary>
/// <c>pubsub.kafka</c> on librdkafka. At least once; the order of a partition holds; a message that fails is tried again in
/// its place, and those behind it in its partition wait. A new consumer group starts where <c>initialOffset</c> says.
/// </summary>
internal sealed class KafkaPubSub : IPubSub, IBulkPublisher
{
    private readonly Lock _lock = new();
    private readonly List<KafkaProducer> _broken = [];
    private ComponentContext _context = null!;
    private KafkaOptions _options = null!;
    private KafkaHeaders _headers = null!;
    private KafkaTokens? _tokens;
    private KafkaProducer? _producer;
    private KafkaConsumer? _consumer;

    public PubSubFeatures Features => PubSubFeatures.BulkPubSub;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _context = context;
        _options = KafkaOptions.Read(context);
        _headers = new KafkaHeaders(_options.ExcludedHeaders, _options.EscapeHeaders);
        _tokens = _options.Security.Tokens is { } oidc ? new KafkaTokens(oidc, context.Time) : null;
        TellIgnored();
        _producer = CreateProducer();

        // A consumer is made with the first subscription; its settings are known to be good from here on.
        KafkaSettings.ForConsumer(_options, context.Metadata);
        await _producer.ConnectAsync(_options.Brokers, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken) => Producer().PublishAsync(message, cancellationToken);

    public async ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken)
    {
        var producer = Producer();
        var reports = new Task<int>[messages.Count];
        List<UnpublishedMessage> failures = [];
        for (var index = 0; index < messages.Count; index++)
        {
            try
            {
                reports[index] = await producer.EnqueueAsync(messages[index], cancellationToken).ConfigureAwait(false);
            }
            catch (ComponentException failure)
            {
                reports[index] = Task.FromResult(KafkaCode.None);
                failures.Add(new UnpublishedMessage(index, failure));
            }
        }

        for (var index = 0; index < messages.Count; index++)
        {
            if (await reports[index].WaitAsync(cancellationToken).ConfigureAwait(false) is not KafkaCode.None and var code)
                failures.Add(new UnpublishedMessage(index, producer.NotPublished(code, messages[index])));
        }

        return failures;
    }

    public Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken)
    {
        KafkaFault.CheckTopic(subscription.Topic);
        KafkaFault.CheckSchema(subscription.Metadata);
        return Task.FromResult<IAsyncDisposable>(Consumer().Subscribe(subscription, handler));
    }

    public async ValueTask DisposeAsync()
    {
        if (_consumer is not null)
            await _consumer.DisposeAsync().ConfigureAwait(false);
        foreach (var producer in _broken)
            await producer.DisposeAsync().ConfigureAwait(false);
        if (_producer is not null)
            await _producer.DisposeAsync().ConfigureAwait(false);
        _tokens?.Dispose();
    }

    /// <summary>See <see cref="KafkaConsumer.AbandonAsync"/>.</summary>
    internal Task AbandonConsumerAsync() => _consumer?.AbandonAsync() ?? Task.CompletedTask;

    private KafkaConsumer Consumer()
    {
        lock (_lock)
        {
            return _consumer ??= new KafkaConsumer(
                _options.ConsumerGroup,
                KafkaSettings.ForConsumer(_options, _context.Metadata),
                new KafkaHandling(_headers, _options.Retry, new KafkaDrain(_options.DrainTimeout, _context.Time), _context.Time, _context.Logger),
                _tokens);
        }
    }

    // An idempotent producer that a broker has cut off for good, for example because it forgot its number, takes nothing more.
    private KafkaProducer Producer()
    {
        lock (_lock)
        {
            if (_producer!.Fatal is not { } reason)
                return _producer;
            KafkaLog.ProducerReplaced(_context.Logger, reason);
            _broken.Add(_producer);
            return _producer = CreateProducer();
        }
    }

    private KafkaProducer CreateProducer() => new(
        KafkaSettings.ForProducer(_options, _context.Metadata),
        _headers,
        new ProducerLimits(KafkaSettings.PublishLimit(_context.Metadata), KafkaSettings.MaxMessageBytes(_context.Metadata)),
        _tokens,
        _context.Time,
        _context.Logger);

    private void TellIgnored()
    {
        var ignored = KafkaSettings.IgnoredFields(_context.Metadata);
        if (ignored.Count > 0)
            KafkaLog.FieldsIgnored(_context.Logger, string.Join(", ", ignored));
        if (_context.Metadata.Find("schemaRegistryURL") is not null)
            KafkaLog.SchemaRegistryIgnored(_context.Logger, "schemaRegistryURL");
    }
}
