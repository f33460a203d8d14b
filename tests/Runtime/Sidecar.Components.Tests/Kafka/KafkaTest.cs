using System.Text;
using Sidecar.Components.Kafka;
using Sidecar.Components.PubSub;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>Components on a mock cluster, each as if it were in a process of its own.</summary>
public abstract class KafkaTest : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _open = [];

    /// <summary>Tests share a server, but neither topics nor groups.</summary>
    private protected string Topic { get; } = $"t-{Guid.NewGuid():N}";

    private protected string Group { get; } = $"g-{Guid.NewGuid():N}";

    private protected BrokerServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await StartServerAsync();

    public async ValueTask DisposeAsync()
    {
        for (var index = _open.Count - 1; index >= 0; index--)
            await _open[index].DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The one of all tests; those that cut it off have one of their own.</summary>
    private protected virtual Task<BrokerServer> StartServerAsync() => BrokerServer.SharedAsync(BrokerKind.Kafka);

    private protected T Own<T>(T opened)
        where T : IAsyncDisposable
    {
        _open.Add(opened);
        return opened;
    }

    private protected Task CreateTopicAsync(int partitions) => Server.TellAsync($"topic {Topic} {partitions}");

    private protected Task<KafkaPubSub> OpenAsync(params (string Name, string Value)[] metadata) => OpenAsync(new LogLines(), metadata);

    private protected async Task<KafkaPubSub> OpenAsync(LogLines log, params (string Name, string Value)[] metadata)
    {
        var pubSub = Own(new KafkaPubSub());
        await pubSub.InitAsync(Context(log, metadata), CancellationToken.None).WithinAsync("the start of a Kafka component");
        return pubSub;
    }

    private protected ComponentContext Context(LogLines log, params (string Name, string Value)[] metadata)
    {
        Dictionary<string, string> all = new(Server.Metadata)
        {
            ["consumerID"] = Group,
            ["initialOffset"] = "oldest",
            ["backOffDuration"] = "50ms",
            ["drainTimeout"] = "500ms",
            ["sessionTimeout"] = "30s",
            ["heartbeatInterval"] = "200ms",
            ["consumerFetchWait"] = "10ms",
        };
        foreach (var (name, value) in metadata)
            all[name] = value;
        return Contexts.For(_folder, metadata: [.. all.Select(static entry => (entry.Key, entry.Value))]) with { Logger = log };
    }

    private protected async Task<IAsyncDisposable> SubscribeAsync(KafkaPubSub pubSub, PubSubHandler handler, string? topic = null, int batchSize = 1)
    {
        var wanted = new PubSubSubscription(topic ?? Topic, Nothing) { BatchSize = batchSize };
        return Own(await pubSub.SubscribeAsync(wanted, handler, CancellationToken.None));
    }

    private protected Task PublishAsync(KafkaPubSub pubSub, string text, params (string Name, string Value)[] metadata) =>
        pubSub.PublishAsync(Message(text, metadata), CancellationToken.None).AsTask().WithinAsync($"the publishing of '{text}'");

    private protected PubSubMessage Message(string text, params (string Name, string Value)[] metadata) =>
        new(Topic, Encoding.UTF8.GetBytes(text), null, metadata.ToDictionary(static entry => entry.Name, static entry => entry.Value));

    private protected static (string, string) InPartition(int number) => ("partitionNumber", $"{number}");

    private protected static string Text(PubSubMessage message) => Encoding.UTF8.GetString(message.Data.Span);
}
