namespace Sidecar.Components.Redis;

/// <summary>The component types of this folder.</summary>
internal static class RedisComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("state.redis", "v1", () => new RedisStateStore())
        {
            Fields =
            [
                .. Connection("2s"),
                new("maxRetries", "Earlier name of redisMaxRetries."),
                new("maxRetryBackoff", "Earlier name of redisMinRetryInterval, in nanoseconds."),
                new("ttlInSeconds", "Time to live of what is saved without one of its own; ≤ 0 = for ever.", "an earlier time to live stays"),
                new("queryIndexes", "Not used: this runtime has no queries."),
            ],
        },
        new("pubsub.redis", "v1", () => new RedisPubSub())
        {
            Fields =
            [
                .. Connection("8ms"),
                new("consumerID", "Consumer group: its members share the messages of a topic, every group gets all of them.", "the app id"),
                new("redeliverInterval", "How often pending messages are looked through; a bare number counts in ms, 0 = never.", "15s"),
                new("processingTimeout", "Limit of handling one message; pending ones of that age are delivered again. A bare number counts in ms, 0 = never.", "60s"),
                new("queueDepth", "Messages that a subscription reads at once.", "100"),
                new("concurrency", "Messages that all subscriptions of the component handle at the same time.", "10"),
                new("maxLenApprox", "Messages that a topic keeps, roughly; 0 = all.", "0"),
                new("streamTTL", "Age at which messages may be deleted; not with maxLenApprox. A bare number counts in ms."),
            ],
        },
    ];

    private static IEnumerable<ComponentField> Connection(string shortestRetryInterval) =>
    [
        new("redisHost", "Server as host:port; with failover the sentinels, with commas between.", Required: true),
        new("redisPort", "Port, where redisHost has none.", "6379"),
        new("redisUsername", "User of the server's access control list.", "the default user"),
        new("redisPassword", "Password."),
        new("redisDB", "Number of the database.", "0"),
        new("redisType", "node. This runtime has no cluster yet.", "node"),
        new("failover", "true: redisHost are sentinels, which are asked for the master.", "false"),
        new("sentinelMasterName", "Name of the master; needed with failover."),
        new("sentinelUsername", "User of the sentinels."),
        new("sentinelPassword", "Password of the sentinels."),
        new("enableTLS", "Encrypts the connection; the server's certificate is verified.", "false"),
        new("insecureSkipTLSVerify", "true: any certificate of the server will do.", "false"),
        new("clientCert", "Certificate to show, in PEM; with clientKey."),
        new("clientKey", "Key of clientCert, in PEM."),
        new("redisMaxRetries", "Tries after the first; -1 = none.", "3"),
        new("redisMinRetryInterval", "Pause before the first of them; doubles with each. A bare number counts in ms; negative = none.", shortestRetryInterval),
        new("redisMaxRetryInterval", "Longest of these pauses. A bare number counts in ms.", "512ms"),
        new("dialTimeout", "Limit of connecting. A bare number counts in ms; -1 = none.", "5s"),
        new("readTimeout", "Limit of waiting for a reply. A bare number counts in ms; -1 = none.", "3s"),
        new("writeTimeout", "Limit of sending a command. A bare number counts in ms; -1 = none.", "readTimeout"),
        new("poolSize", "Not used: one connection serves all calls, and each subscription has one more."),
        new("poolTimeout", "Not used, as poolSize."),
        new("minIdleConns", "Not used, as poolSize."),
        new("maxConnAge", "Not used, as poolSize."),
        new("idleTimeout", "Not used, as poolSize."),
        new("idleCheckFrequency", "Not used, as poolSize."),
        new("useEntraID", "Not here: the component does not start with true.", "false") { Aliases = ["useAzureAD"] },
        new("useOIDC", "Not here: the component does not start with true.", "false"),
    ];
}
