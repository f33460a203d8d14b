using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Benchmarks.Servers;

/// <summary>A durable queue with confirms and acknowledgements, by RabbitMQ.Client.</summary>
internal sealed class DirectRabbitMq : IDirectClient
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = DeliveryModes.Persistent };

    private readonly IConnection _connection;
    private readonly IChannel _publishing;

    private DirectRabbitMq(IConnection connection, IChannel publishing) => (_connection, _publishing) = (connection, publishing);

    public static async Task<DirectRabbitMq> OpenAsync(string uri)
    {
        var connection = await new ConnectionFactory { Uri = new Uri(uri) }.CreateConnectionAsync();
        var options = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        return new DirectRabbitMq(connection, await connection.CreateChannelAsync(options));
    }

    public Task SaveAsync(string key, ReadOnlyMemory<byte> value) => throw new NotSupportedException("a broker keeps no state");

    public Task<ReadOnlyMemory<byte>> GetAsync(string key) => throw new NotSupportedException("a broker keeps no state");

    public async Task PublishAsync(string topic, ReadOnlyMemory<byte> message) =>
        await _publishing.BasicPublishAsync("", topic, mandatory: false, Persistent, message);

    public async Task SubscribeAsync(string topic, Action<ReadOnlySpan<byte>> take)
    {
        var channel = await _connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(topic, durable: true, exclusive: false, autoDelete: false);
        await channel.BasicQosAsync(0, 100, global: false);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            take(message.Body.Span);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync(topic, autoAck: false, consumer);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
