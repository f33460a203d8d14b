using System.Text;
using System.Threading.Channels;
using RabbitMQ.Client;
using Sidecar.Components.PubSub;
using Sidecar.Components.RabbitMq;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.RabbitMq;

/// <summary>Components on a broker, and a bare client beside them. Topics and app-ids have a prefix, because tests share a broker.</summary>
public abstract class RabbitMqTest : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _open = [];

    internal string Prefix { get; } = $"{Guid.NewGuid():N}-";

    internal KeptLog Log { get; } = new();

    private protected BrokerServer Server { get; set; } = null!;

    private protected static Dictionary<string, string> NoMetadata => [];

    public async ValueTask InitializeAsync() => Server = await BrokerServer.SharedAsync(BrokerKind.RabbitMq);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes all that is open, where a server or a relay of the test goes before the test is over.</summary>
    internal async Task CloseAsync()
    {
        for (var index = _open.Count - 1; index >= 0; index--)
            await _open[index].DisposeAsync();
        _open.Clear();
    }

    /// <summary>A component that reaches the broker, unless the metadata says something else about that.</summary>
    internal async Task<RabbitMqPubSub> OpenAsync(params (string Name, string Value)[] metadata) => await OpenAsync(null, metadata);

    internal async Task<RabbitMqPubSub> OpenAsync(TimeProvider? time, params (string Name, string Value)[] metadata)
    {
        var pubSub = Owned(new RabbitMqPubSub());
        await pubSub.InitAsync(Context(time, metadata), CancellationToken.None).WithinAsync("the start of the component");
        return pubSub;
    }

    internal ComponentContext Context(TimeProvider? time, params (string Name, string Value)[] metadata) =>
        Contexts.For(_folder, time: time, metadata: [.. Server.Metadata.Select(pair => (pair.Key, pair.Value)), ("consumerID", Prefix + "app"), .. metadata]) with { Logger = Log };

    internal T Owned<T>(T disposable)
        where T : IAsyncDisposable
    {
        _open.Add(disposable);
        return disposable;
    }

    internal async Task<Arrivals> SubscribeAsync(IPubSub pubSub, string topic, params (string Name, string Value)[] metadata)
    {
        var arrivals = new Arrivals();
        var subscription = new PubSubSubscription(Prefix + topic, metadata.ToDictionary(pair => pair.Name, pair => pair.Value));
        Owned(await pubSub.SubscribeAsync(subscription, arrivals.HandleAsync, CancellationToken.None).WithinAsync("the subscription"));
        return arrivals;
    }

    internal Task PublishAsync(IPubSub pubSub, string topic, string text, TimeSpan? timeToLive = null, params (string Name, string Value)[] metadata) =>
        pubSub.PublishAsync(
            new PubSubMessage(Prefix + topic, Encoding.UTF8.GetBytes(text), "application/cloudevents+json", metadata.ToDictionary(pair => pair.Name, pair => pair.Value)) { TimeToLive = timeToLive },
            CancellationToken.None).AsTask().WithinAsync($"the publishing of {text}");

    /// <summary>A channel of the client library itself.</summary>
    internal async Task<IChannel> BareChannelAsync()
    {
        var factory = new ConnectionFactory { Uri = new Uri(Server.Metadata["connectionString"]), AutomaticRecoveryEnabled = false };
        var connection = Owned(await factory.CreateConnectionAsync());
        return Owned(await connection.CreateChannelAsync());
    }

    /// <summary>What rabbitmqctl lists, of this test alone and without the prefix, in order.</summary>
    internal async Task<string[]> ListAsync(params string[] arguments) =>
        [.. (await Server.AskAsync(arguments)).Split('\n').Where(line => line.Contains(Prefix)).Select(line => line.Replace(Prefix, "").Replace('\t', ' ').TrimEnd()).Order(StringComparer.Ordinal)];

    /// <summary>Keeps what arrives and answers as told.</summary>
    internal sealed class Arrivals
    {
        private readonly Channel<PubSubMessage> _arrived = Channel.CreateUnbounded<PubSubMessage>();

        public Func<PubSubMessage, CancellationToken, ValueTask<Delivery>> Answer { get; set; } = (_, _) => ValueTask.FromResult(Delivery.Ack);

        public ValueTask<Delivery> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
        {
            _arrived.Writer.TryWrite(message);
            return Answer(message, cancellationToken);
        }

        public Task<PubSubMessage> NextAsync(string what = "the next message") => _arrived.Reader.ReadAsync().AsTask().WithinAsync(what);

        public async Task<string> NextTextAsync(string what = "the next message") => Text(await NextAsync(what));

        public List<string> Rest()
        {
            List<string> rest = [];
            while (_arrived.Reader.TryRead(out var message))
                rest.Add(Text(message));
            return rest;
        }

        private static string Text(PubSubMessage message) => Encoding.UTF8.GetString(message.Data.Span);
    }
}
