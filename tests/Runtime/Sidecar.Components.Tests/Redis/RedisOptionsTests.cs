using Sidecar.Components.Redis;

namespace Sidecar.Components.Tests.Redis;

public sealed class RedisOptionsTests
{
    [Theory]
    [InlineData("cache", null, "cache", 6379)]
    [InlineData("cache", "7000", "cache", 7000)]
    [InlineData("cache:7001", null, "cache", 7001)]
    [InlineData(" cache:7001 ", "7001", "cache", 7001)]
    [InlineData("127.0.0.1:1", null, "127.0.0.1", 1)]
    [InlineData("[::1]:7002", null, "::1", 7002)]
    [InlineData("[::1]", null, "::1", 6379)]
    [InlineData("::1", "7003", "::1", 7003)]
    public void The_server_is_host_and_port(string redisHost, string? redisPort, string host, int port)
    {
        var options = Read(("redisHost", redisHost), ("redisPort", redisPort ?? ""));

        Assert.Equal([new RedisEndpoint(host, port)], options.Endpoints);
    }

    [Theory]
    [InlineData("redisHost")]
    [InlineData("redisHost", "redisHost", "cache:http")]
    [InlineData("redisHost", "redisHost", "cache:0")]
    [InlineData("redisHost", "redisHost", ":6379")]
    [InlineData("redisHost", "redisHost", ",")]
    [InlineData("'redisPort' 2", "redisHost", "cache:1", "redisPort", "2")]
    [InlineData("redisPort", "redisHost", "cache", "redisPort", "many")]
    [InlineData("failover", "redisHost", "one:1,two:2")]
    [InlineData("sentinelMasterName", "redisHost", "one:1", "failover", "true")]
    [InlineData("cluster", "redisHost", "one:1", "redisType", "cluster")]
    [InlineData("expected node or cluster", "redisHost", "one:1", "redisType", "tree")]
    [InlineData("useEntraID", "redisHost", "one:1", "useEntraID", "true")]
    [InlineData("useAzureAD", "redisHost", "one:1", "useAzureAD", "true")]
    [InlineData("useOIDC", "redisHost", "one:1", "useOIDC", "true")]
    [InlineData("redisDB", "redisHost", "one:1", "redisDB", "-1")]
    [InlineData("readTimeout", "redisHost", "one:1", "readTimeout", "soon")]
    [InlineData("clientKey", "redisHost", "one:1", "enableTLS", "true", "clientCert", "no pem", "clientKey", "secret-key")]
    public void What_is_wrong_is_named(string named, params string[] fields)
    {
        var failure = Assert.Throws<ComponentException>(() => Read([.. fields.Chunk(2).Select(pair => (pair[0], pair[1]))]));

        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_are_durations_or_milliseconds_and_minus_one_is_none()
    {
        var options = Read(("redisHost", "one"), ("readTimeout", "1500"), ("dialTimeout", "2s"));
        Assert.Equal((1.5, 1.5, 2), (options.ReadTimeout.TotalSeconds, options.WriteTimeout.TotalSeconds, options.DialTimeout.TotalSeconds));

        options = Read(("redisHost", "one"), ("readTimeout", "-1"));
        Assert.Equal((Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), (options.ReadTimeout, options.WriteTimeout));
    }

    [Fact]
    public void Only_components_of_equal_options_share_a_client()
    {
        var one = Read(("redisHost", "one"), ("redisPassword", "p"));

        Assert.Equal(one.Key, Read(("redisHost", "one:6379"), ("redisPassword", "p")).Key);
        Assert.NotEqual(one.Key, Read(("redisHost", "one"), ("redisPassword", "q")).Key);
        Assert.NotEqual(one.Key, Read(("redisHost", "one"), ("redisPassword", "p"), ("redisDB", "1")).Key);
        Assert.NotEqual(one.Key, Read(("redisHost", "one"), ("redisPassword", "p"), ("redisUsername", "u")).Key);
    }

    [Theory]
    [InlineData(3, 2000, 512)]
    [InlineData(5, 8, 512, "redisMaxRetries", "5", "redisMinRetryInterval", "8")]
    [InlineData(0, 2000, 512, "redisMaxRetries", "-1")]
    [InlineData(7, 1, 100, "maxRetries", "7", "maxRetryBackoff", "1000000", "redisMaxRetryInterval", "100ms")]
    public void Retries_are_read(int most, int shortest, int longest, params string[] fields)
    {
        var metadata = new ComponentMetadata(fields.Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1])));

        Assert.Equal(new RedisRetries(most, TimeSpan.FromMilliseconds(shortest), TimeSpan.FromMilliseconds(longest)), RedisRetries.Read(metadata, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void Pauses_grow_up_to_the_longest_and_a_negative_interval_means_none()
    {
        var retries = new RedisRetries(3, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(35));
        for (var run = 0; run < 100; run++)
        {
            Assert.InRange(retries.Pause(0).TotalMilliseconds, 10, 20);
            Assert.InRange(retries.Pause(5).TotalMilliseconds, 10, 35);
        }

        Assert.Equal(TimeSpan.Zero, (retries with { Shortest = TimeSpan.FromMilliseconds(-1) }).Pause(2));
    }

    private static RedisOptions Read(params (string Name, string Value)[] fields) =>
        RedisOptions.Read(new ComponentMetadata(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));
}
