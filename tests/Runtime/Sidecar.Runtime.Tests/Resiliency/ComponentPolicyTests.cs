using System.Text;
using Google.Protobuf;
using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using Sidecar.Runtime.Tests.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resiliency;

/// <summary>Outbound policies of components, over HTTP and gRPC (contract 4.4).</summary>
public sealed class ComponentPolicyTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly TestDrivers _drivers;

    public ComponentPolicyTests() => _drivers = new TestDrivers(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_fails_is_asked_again(bool overGrpc)
    {
        var store = _drivers.AddStore("store");
        await using var sidecar = await StartAsync("{ retries: { often: { duration: 1s, maxRetries: 2 } } }", "{ store: { outbound: { retry: often } } }");
        var attempts = 0;
        store.BeforeGet = _ => Interlocked.Increment(ref attempts) < 3 ? throw new IOException("away") : Task.CompletedTask;

        var read = overGrpc
            ? AsTask(sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k" }), status => status.IsOK)
            : AsTask(sidecar.GetAsync("/v1.0/state/store/k"), answer => answer.Status == 204);
        await PassAsync(() => attempts, 1);
        await PassAsync(() => attempts, 2);

        Assert.True(await read.WithinAsync("the item"));
        Assert.Equal(3, attempts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_etag_that_does_not_match_is_neither_retried_nor_a_failure(bool overGrpc)
    {
        var store = _drivers.AddStore("store");
        await using var sidecar = await StartAsync(
            "{ retries: { ever: {} }, circuitBreakers: { quick: { trip: totalFailures > 0 } } }", "{ store: { outbound: { retry: ever, circuitBreaker: quick } } }");
        store.Put("me||k", "1"u8.ToArray());

        for (var save = 0; save < 3; save++)
        {
            if (overGrpc)
                Assert.Equal(StatusCode.Aborted, (await sidecar.Channel.SaveAsync("k", "2"u8.ToArray(), item => item.Etag = new Etag { Value = "999" })).Code);
            else
                Assert.Equal(409, await PostAsync(sidecar, "/v1.0/state/store", """[{"key":"k","value":2,"etag":"999"}]"""));
        }
    }

    [Fact]
    public async Task A_store_that_is_slow_is_given_up_though_it_does_not_look_at_its_token()
    {
        var store = _drivers.AddStore("store");
        await using var sidecar = await StartAsync("{ timeouts: { DefaultStatestoreComponentOutboundTimeoutPolicy: 2s } }", "{}");
        var asked = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        store.BeforeGet = _ =>
        {
            asked.TrySetResult();
            return held.Task;
        };

        var read = sidecar.GetAsync("/v1.0/state/store/k");
        await asked.Task.WithinAsync("the store to be asked");
        await PausedAsync();
        _clock.Advance(2 * Second);

        var (status, body) = await read.WithinAsync("the answer");
        Assert.Equal(500, status);
        Assert.Contains("no answer within 2 s (timeout policy DefaultStatestoreComponentOutboundTimeoutPolicy)", body, StringComparison.Ordinal);
        held.SetResult();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broker_that_refuses_is_asked_again_and_then_kept_back(bool overGrpc)
    {
        var attempts = 0;
        _drivers.AddBroker("broker", new TestBroker { Refuses = _ => Interlocked.Increment(ref attempts) > 0 ? new IOException("full") : null });
        await using var sidecar = await StartAsync(
            "{ retries: { once: { duration: 1s, maxRetries: 1 } }, circuitBreakers: { quick: { trip: consecutiveFailures >= 2, timeout: 30s } } }",
            "{ broker: { outbound: { retry: once, circuitBreaker: quick } } }");

        var publish = PublishAsync(sidecar, overGrpc);
        await PassAsync(() => attempts, 1);
        Assert.False(await publish.WithinAsync("the answer"));
        Assert.False(await PublishAsync(sidecar, overGrpc).WithinAsync("the answer to the second"));

        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task A_batch_is_published_again_without_what_the_broker_has()
    {
        var broker = new BatchBroker();
        _drivers.AddBroker("broker", broker);
        await using var sidecar = await StartAsync("{ retries: { often: { duration: 1s, maxRetries: 3 } } }", "{ broker: { outbound: { retry: often } } }");

        var publish = PostAsync(sidecar, "/v1.0/publish/bulk/broker/orders", """
            [{"entryId":"1","event":"a","contentType":"text/plain"},{"entryId":"2","event":"b","contentType":"text/plain"},{"entryId":"3","event":"c","contentType":"text/plain"}]
            """);
        await PassAsync(() => broker.Batches.Count, 1);
        await PassAsync(() => broker.Batches.Count, 2);

        Assert.Equal(204, await publish.WithinAsync("the answer"));
        Assert.Equal(["a b c", "b c", "c"], broker.Batches);
    }

    [Fact]
    public async Task A_secret_store_that_fails_is_asked_again_and_a_secret_that_is_not_there_is_no_failure()
    {
        var vault = _drivers.AddSecrets("vault");
        await using var sidecar = await StartAsync("{ retries: { DefaultSecretstoreComponentOutboundRetryPolicy: { duration: 1s, maxRetries: 5 } } }", "{}");
        Assert.Equal(500, (await sidecar.GetAsync("/v1.0/secrets/vault/none").WithinAsync("the answer for a secret that is not there")).Status);
        vault.Secrets["db"] = new Dictionary<string, string> { ["db"] = "s" };
        vault.Fault = new IOException("sealed");

        var read = sidecar.GetAsync("/v1.0/secrets/vault/db");
        await PausedAsync();
        vault.Fault = null;
        _clock.Advance(Second);

        Assert.Equal(200, (await read.WithinAsync("the secret")).Status);
    }

    private async Task<TestSidecar> StartAsync(string policies, string components)
    {
        _folder.Write("components/resiliency.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: {{policies}}
              targets: { components: {{components}} }
            """);
        // No timer but those of policies: a test counts them.
        _folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { features: [ { name: HotReload, enabled: false } ] }");
        var sidecar = await _drivers.StartAsync(options => options with { Time = _clock });
        await sidecar.Instance.Healthy.WithinAsync("health");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 0, "the end of all timers of the start");
        return sidecar;
    }

    private Task PausedAsync() => Eventually.TrueAsync(() => _clock.ArmedTimers > 0, "a timer of a policy");

    /// <summary>Lets a second pass that begins after so many attempts, and awaits the next.</summary>
    private async Task PassAsync(Func<int> attempts, int after)
    {
        await Eventually.TrueAsync(() => attempts() == after, $"attempt {after}");
        await PausedAsync();
        _clock.Advance(Second - TimeSpan.FromTicks(1));
        Assert.Equal(after, attempts());
        _clock.Advance(TimeSpan.FromTicks(1));
        await Eventually.TrueAsync(() => attempts() == after + 1, $"attempt {after + 1}");
    }

    private static async Task<bool> PublishAsync(TestSidecar sidecar, bool overGrpc) => overGrpc
        ? (await sidecar.Channel.StatusAsync(DaprMethods.Publish, new PublishEventRequest { PubsubName = "broker", Topic = "orders", Data = ByteString.CopyFromUtf8("x") })).IsOK
        : await PostAsync(sidecar, "/v1.0/publish/broker/orders", "1") == 204;

    private static async Task<int> PostAsync(TestSidecar sidecar, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await sidecar.Client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (int)response.StatusCode;
    }

    private static async Task<bool> AsTask<T>(Task<T> task, Func<T, bool> holds) => holds(await task);

    /// <summary>Takes the first message of each batch.</summary>
    private sealed class BatchBroker : TestBroker, IBulkPublisher
    {
        public List<string> Batches { get; } = [];

        public ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken)
        {
            Batches.Add(string.Join(' ', messages.Select(message => System.Text.Json.JsonDocument.Parse(message.Data).RootElement.GetProperty("data").GetString())));
            return ValueTask.FromResult<IReadOnlyList<UnpublishedMessage>>([.. Enumerable.Range(1, messages.Count - 1).Select(index => new UnpublishedMessage(index, new IOException("full")))]);
        }
    }
}
