using System.Security.Cryptography;
using Sidecar.Components.Kafka;
using Sidecar.Components.Kafka.Native;
using TestSupport;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>Metadata fields, and what they become for librdkafka.</summary>
public sealed class KafkaOptionsTests
{
    [Theory]
    [InlineData("bootstrap.servers", "b:1,c:2", "brokers", " b:1, c:2 ")]
    [InlineData("client.id", "sarama", "", "")]
    [InlineData("client.id", "shop", "clientID", "shop")]
    [InlineData("socket.connection.setup.timeout.ms", "30000", "", "")]
    [InlineData("socket.connection.setup.timeout.ms", "5000", "dialTimeout", "5s")]
    [InlineData("socket.timeout.ms", "20000", "readTimeout", "20s")]
    [InlineData("socket.keepalive.enable", "false", "", "")]
    [InlineData("socket.keepalive.enable", "true", "clientConnectionKeepAliveInterval", "30s")]
    [InlineData("topic.metadata.refresh.interval.ms", "480000", "", "")]
    [InlineData("topic.metadata.refresh.interval.ms", "60000", "clientConnectionTopicMetadataRefreshInterval", "1m")]
    [InlineData("security.protocol", "plaintext", "", "")]
    [InlineData("acks", "all", "", "")]
    [InlineData("acks", "1", "producerRequiredAcks", "local")]
    [InlineData("acks", "0", "producerRequiredAcks", "none")]
    [InlineData("enable.idempotence", "true", "", "")]
    [InlineData("enable.idempotence", "false", "producerRequiredAcks", "local")]
    [InlineData("message.send.max.retries", null, "", "")]
    [InlineData("message.send.max.retries", "3", "producerRetryMax", "3")]
    [InlineData("compression.type", "none", "", "")]
    [InlineData("compression.type", "zstd", "compression", "zstd")]
    [InlineData("message.max.bytes", "1048576", "", "")]
    [InlineData("message.max.bytes", "5000", "maxMessageBytes", "5000")]
    [InlineData("message.timeout.ms", "10000", "writeTimeout", "10s")]
    [InlineData("partitioner", "fnv1a_random", "", "")]
    [InlineData("group.id", "app", "", "")]
    [InlineData("group.id", "id", "consumerID", "id")]
    [InlineData("group.id", "group", "consumerGroup", "group")]
    [InlineData("auto.offset.reset", "latest", "", "")]
    [InlineData("auto.offset.reset", "earliest", "initialOffset", "oldest")]
    [InlineData("session.timeout.ms", "10000", "", "")]
    [InlineData("session.timeout.ms", "20000", "sessionTimeout", "20s")]
    [InlineData("heartbeat.interval.ms", "3000", "", "")]
    [InlineData("heartbeat.interval.ms", "1000", "heartbeatInterval", "1s")]
    [InlineData("partition.assignment.strategy", "range", "", "")]
    [InlineData("partition.assignment.strategy", "cooperative-sticky", "consumerGroupRebalanceStrategy", "sticky")]
    [InlineData("fetch.min.bytes", "1", "", "")]
    [InlineData("fetch.min.bytes", "100", "consumerFetchMin", "100")]
    [InlineData("max.partition.fetch.bytes", "1048576", "", "")]
    [InlineData("max.partition.fetch.bytes", "2000", "consumerFetchDefault", "2000")]
    [InlineData("fetch.wait.max.ms", "500", "", "")]
    [InlineData("enable.auto.offset.store", "false", "", "")]
    [InlineData("auto.commit.interval.ms", "1000", "", "")]
    public void A_field_is_a_setting(string setting, string? expected, string field, string value)
    {
        var all = Settings(("brokers", "a:1"), ("authType", "none"), (field, value));
        Assert.Equal(expected, all.GetValueOrDefault(setting));
    }

    [Fact]
    public void What_is_set_by_default_is_accepted_by_the_library() => AssertAccepted(("brokers", "127.0.0.1:1"), ("authType", "none"));

    [Theory]
    [InlineData("PLAINTEXT", "PLAIN")]
    [InlineData("sha-256", "SCRAM-SHA-256")]
    [InlineData("SHA-512", "SCRAM-SHA-512")]
    public void A_password_goes_by_SASL_over_TLS(string mechanism, string expected)
    {
        (string, string)[] metadata = [("brokers", "a:1"), ("authType", "password"), ("saslUsername", "u"), ("saslPassword", "p"), ("saslMechanism", mechanism)];
        var all = Settings(metadata);
        Assert.Equal(("sasl_ssl", expected, "u", "p"), (all["security.protocol"], all["sasl.mechanism"], all["sasl.username"], all["sasl.password"]));
        AssertAccepted(metadata);
        Assert.Equal("sasl_plaintext", Settings([.. metadata, ("disableTls", "true")])["security.protocol"]);
    }

    [Fact]
    public void The_old_way_to_ask_for_a_password_is_understood()
    {
        Assert.Equal("plaintext", Settings(("brokers", "a:1"), ("authRequired", "false"))["security.protocol"]);
        Assert.Equal("sasl_ssl", Settings(("brokers", "a:1"), ("authRequired", "true"), ("saslUsername", "u"), ("saslPassword", "p"))["security.protocol"]);
    }

    [Theory]
    [InlineData("mtls")]
    [InlineData("certificate")]
    public void A_certificate_is_shown_over_TLS(string authType)
    {
        using var key = RSA.Create(2048);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=client", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var (certificatePem, keyPem) = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        (string, string)[] metadata =
        [
            ("brokers", "a:1"), ("authType", authType), ("clientCert", certificatePem), ("clientKey", keyPem), ("caCert", certificatePem), ("skipVerify", "true"),
        ];

        var all = Settings(metadata);
        Assert.Equal(
            ("ssl", certificatePem, keyPem, certificatePem, "false"),
            (all["security.protocol"], all["ssl.certificate.pem"], all["ssl.key.pem"], all["ssl.ca.pem"], all["enable.ssl.certificate.verification"]));
        AssertAccepted(metadata);
    }

    [Fact]
    public void Oidc_goes_by_tokens_of_ours()
    {
        (string, string)[] metadata =
        [
            ("brokers", "a:1"), ("authType", "oidc"), ("oidcTokenEndpoint", "https://idp/token"), ("oidcClientID", "id"), ("oidcClientSecret", "s"),
            ("oidcScopes", "a, b"), ("oidcExtensions", "{\"x\":\"1\"}"),
        ];
        var all = Settings(metadata);
        Assert.Equal(("sasl_ssl", "OAUTHBEARER"), (all["security.protocol"], all["sasl.mechanism"]));
        AssertAccepted(metadata);
        Assert.Equal("a b", OidcOptions.Read(new ComponentMetadata(metadata.Select(static entry => KeyValuePair.Create(entry.Item1, entry.Item2)))).Scopes);
    }

    [Theory]
    [InlineData("metadata field 'brokers' is required", "brokers", "")]
    [InlineData("metadata field 'authType' is required", "authType", "")]
    [InlineData("'authType' is 'awsiam', which this runtime does not speak", "authType", "awsiam")]
    [InlineData("'authType' is 'oidc_private_key_jwt', which this runtime does not speak", "authType", "oidc_private_key_jwt")]
    [InlineData("'authType' is 'magic', expected none, password", "authType", "magic")]
    [InlineData("metadata field 'saslUsername' is required", "authType", "password")]
    [InlineData("metadata field 'oidcTokenEndpoint' is required", "authType", "oidc")]
    [InlineData("'producerRequiredAcks' is 'some', expected", "producerRequiredAcks", "some")]
    [InlineData("'compression' is 'zip', expected none, gzip", "compression", "zip")]
    [InlineData("'initialOffset' is 'first', expected newest or oldest", "initialOffset", "first")]
    [InlineData("'consumerGroupRebalanceStrategy' is 'fair', expected", "consumerGroupRebalanceStrategy", "fair")]
    [InlineData("'backOffPolicy' is 'linear', expected constant or exponential", "backOffPolicy", "linear")]
    [InlineData("'backOffMultiplier' is 'x', expected a number", "backOffMultiplier", "x")]
    [InlineData("'excludeHeaderMetaRegex' is no regular expression", "excludeHeaderMetaRegex", "(")]
    [InlineData("'version' is 'new', expected a version of Kafka", "version", "new")]
    [InlineData("'sessionTimeout' must be from 1ms", "sessionTimeout", "0s")]
    [InlineData("'heartbeatInterval' is 'often', expected a duration", "heartbeatInterval", "often")]
    public void A_wrong_field_is_named(string expected, string field, string value)
    {
        var failure = Assert.Throws<ComponentException>(() => Settings(("brokers", "a:1"), ("authType", "none"), (field, value)));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("caCert", "secret stuff", "'caCert' is no PEM text")]
    [InlineData("clientKey", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----", "'clientCert' is missing")]
    public void A_wrong_secret_is_named_and_not_told(string field, string value, string expected)
    {
        var failure = Assert.Throws<ComponentException>(() => Settings(("brokers", "a:1"), ("authType", "mtls"), (field, value)));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Fields_without_a_counterpart_are_told() => Assert.Equal(
        ["version", "channelBufferSize"],
        KafkaSettings.IgnoredFields(new ComponentMetadata([KeyValuePair.Create("channelBufferSize", "1"), KeyValuePair.Create("version", "2.0.0"), KeyValuePair.Create("clientID", "x")])));

    [Fact]
    public void Without_the_library_one_line_says_what_to_install()
    {
        List<string> tried = [];
        var failure = Assert.Throws<ComponentException>(() => KafkaLibrary.Find(file =>
        {
            tried.Add(file);
            return 0;
        }));

        Assert.Equal(KafkaLibrary.Files, tried);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.All(["apt-get install librdkafka1", "brew install librdkafka", "librdkafka.redist"], text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Constant_pauses_end_after_their_number()
    {
        var retry = new KafkaRetry { Duration = TimeSpan.FromSeconds(2), MaxRetries = 2 };
        TimeSpan?[] pauses = [.. Enumerable.Range(1, 3).Select(failures => retry.PauseAfter(failures, TimeSpan.FromHours(9), 0.5))];
        Assert.Equal([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), null], pauses);
        Assert.Null(KafkaRetry.Never.PauseAfter(1, TimeSpan.Zero, 0.5));
        Assert.Equal(TimeSpan.FromSeconds(5), new KafkaRetry().PauseAfter(1_000_000, TimeSpan.FromDays(9), 0.5));
    }

    [Fact]
    public void Growing_pauses_have_a_longest_vary_and_end_with_their_time()
    {
        var retry = new KafkaRetry { IsExponential = true, InitialInterval = TimeSpan.FromSeconds(1), Multiplier = 2, MaxInterval = TimeSpan.FromSeconds(5) };
        Assert.Equal(
            [1, 2, 4, 5, 5], Enumerable.Range(1, 5).Select(failures => retry.PauseAfter(failures, TimeSpan.Zero, 0.5)!.Value.TotalSeconds));
        Assert.Equal((0.5, 1.5), (retry.PauseAfter(1, TimeSpan.Zero, 0)!.Value.TotalSeconds, retry.PauseAfter(1, TimeSpan.Zero, 1)!.Value.TotalSeconds));
        Assert.Null(retry.PauseAfter(3, TimeSpan.FromMinutes(15), 0.5));
    }

    [Theory]
    [InlineData(false, "a b/ä", "a b/ä")]
    [InlineData(true, "a b/ä", "a+b%2F%C3%A4")]
    public void Values_are_escaped_when_asked(bool escape, string value, string expected) =>
        Assert.Equal(expected, new KafkaHeaders(null, escape).Text(System.Text.Encoding.UTF8.GetBytes(value)));

    private static Dictionary<string, string> Settings(params (string Name, string Value)[] metadata)
    {
        using var folder = new TempFolder();
        var context = Contexts.For(folder, metadata: [.. metadata.Where(static entry => entry.Name.Length > 0)]);
        var options = KafkaOptions.Read(context);
        return KafkaSettings.ForProducer(options, context.Metadata).Concat(KafkaSettings.ForConsumer(options, context.Metadata))
            .GroupBy(static setting => setting.Name).ToDictionary(static group => group.Key, static group => group.Last().Value);
    }

    /// <summary>The library checks names, values and combinations when a client is made, and connects to nobody for it.</summary>
    private static void AssertAccepted(params (string Name, string Value)[] metadata)
    {
        TestSupport.Brokers.BrokerServer.SkipUnlessHere(TestSupport.Brokers.BrokerKind.Kafka);
        using var folder = new TempFolder();
        var context = Contexts.For(folder, metadata: metadata);
        var options = KafkaOptions.Read(context);
        new KafkaClient(KafkaClientKind.Producer, KafkaSettings.ForProducer(options, context.Metadata), new Silent()).Dispose();
        new KafkaClient(KafkaClientKind.Consumer, KafkaSettings.ForConsumer(options, context.Metadata), new Silent()).Dispose();
    }

    private sealed class Silent : IKafkaEvents
    {
        public void OnLog(int level, string text)
        {
        }

        public void OnError(int code, string reason)
        {
        }

        public void OnDelivered(nint opaque, int code)
        {
        }

        public unsafe void OnRebalance(bool isAssignment, NativePartitions* partitions)
        {
        }

        public void OnTokenWanted()
        {
        }
    }
}
