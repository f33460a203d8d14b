using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.RabbitMq;

/// <summary>
/// A message as it goes out: the topic is the exchange, the body is the data, and the properties say what the publish
/// metadata says. There are no headers.
/// </summary>
internal sealed record RabbitMqPublication(string Exchange, string RoutingKey, BasicProperties Properties, ReadOnlyMemory<byte> Body)
{
    /// <summary>Longest name of anything on the wire: the length is one byte.</summary>
    public const int MaximumName = 255;

    /// <summary>Of a message that names none, whatever it holds.</summary>
    private const string DefaultContentType = "text/plain";

    /// <summary>In ms; a longer expiration ends the channel.</summary>
    private const double LongestExpiration = uint.MaxValue;

    /// <exception cref="RabbitMqFault">The metadata or the topic cannot be sent.</exception>
    public static RabbitMqPublication Of(PubSubMessage message, RabbitMqOptions options)
    {
        CheckTopic(message.Topic);
        var metadata = message.Metadata;
        var properties = new BasicProperties { ContentType = RequestFields.Find(metadata, "contentType") ?? DefaultContentType };
        if (options.DeliveryMode != 0)
            properties.DeliveryMode = options.DeliveryMode;
        if ((message.TimeToLive ?? options.DefaultTimeToLive) is { } timeToLive)
            properties.Expiration = ((long)Math.Min(timeToLive.TotalMilliseconds, LongestExpiration)).ToString(CultureInfo.InvariantCulture);
        if (metadata.Count == 0)
            return new RabbitMqPublication(message.Topic, "", properties, message.Data);

        if (RequestFields.Number(metadata, "priority", "publish") is { } priority)
            properties.Priority = (byte)Math.Min(priority, byte.MaxValue);
        properties.MessageId = RequestFields.Find(metadata, "messageID");
        properties.CorrelationId = RequestFields.Find(metadata, "correlationID");
        properties.Type = RequestFields.Find(metadata, "type");
        return new RabbitMqPublication(message.Topic, RequestFields.Find(metadata, "routingKey") ?? "", properties, message.Data);
    }

    /// <exception cref="RabbitMqFault">No exchange can have that name.</exception>
    public static void CheckTopic(string topic)
    {
        if (topic.Length == 0)
            throw new RabbitMqFault("a topic needs a name", isPermanent: true);
        if (Encoding.UTF8.GetByteCount(topic) > MaximumName)
            throw new RabbitMqFault($"the topic '{topic[..40]}…' has a name of more than {MaximumName} bytes, which is the most RabbitMQ has room for", isPermanent: true);
    }
}
