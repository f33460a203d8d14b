namespace TestSupport.Brokers;

/// <summary>The servers that <c>tools/brokers</c> knows.</summary>
public enum BrokerKind
{
    Redis,
    RabbitMq,
    Postgres,
    Kafka,
}
