using System.Text.Json;
using System.Text.Json.Serialization;
using Dapr;
using Dapr.Client;

namespace Services.Tests.Fakes;

/// <summary>
/// A sidecar in memory: state with ETags, publishing, and the outbox of the component <c>orderstore</c>. Every call passes
/// <paramref name="around"/> before and after its effect, where a test interleaves, fails or kills it.
/// </summary>
internal sealed class FakeDapr(FakeStore store, FakeBus bus, string appId = "app", Func<bool, Task>? around = null) : DaprClient
{
    /// <summary>As ServiceDefaults configures the real client.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) },
    };

    private int _outbox;

    public override JsonSerializerOptions JsonSerializerOptions => Json;

    public FakeStore Store => store;

    public FakeBus Bus => bus;

    /// <summary>When set, every call fails with it.</summary>
    public DaprException? Failure { get; set; }

    public T? Read<T>(string key)
        where T : class =>
        store.Get(Key(key)).Value is { } value ? JsonSerializer.Deserialize<T>(value, Json) : null;

    public override Task<TValue> GetStateAsync<TValue>(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        CallAsync(() => Value<TValue>(store.Get(Key(key)).Value), cancellationToken);

    public override Task<(TValue value, string etag)> GetStateAndETagAsync<TValue>(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        CallAsync(() =>
        {
            var (value, etag) = store.Get(Key(key));
            return (Value<TValue>(value), etag);
        }, cancellationToken);

    public override Task SaveStateAsync<TValue>(string storeName, string key, TValue value, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        CallAsync(() => store.Save(Key(key), Bytes(value), null, IsFirstWrite(stateOptions)), cancellationToken);

    public override Task<bool> TrySaveStateAsync<TValue>(string storeName, string key, TValue value, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            () => store.Save(Key(key), Bytes(value), etag, IsFirstWrite(stateOptions)) switch
            {
                SaveOutcome.Saved => true,
                SaveOutcome.Conflict => false,
                _ => throw new DaprException($"500 ERR_STATE_SAVE of {key}"),
            },
            cancellationToken);

    public override Task ExecuteStateTransactionAsync(string storeName, IReadOnlyList<StateTransactionRequest> operations, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        CallAsync(() => Transact(storeName, operations), cancellationToken);

    public override Task PublishEventAsync<TData>(string pubsubName, string topicName, TData data, Dictionary<string, string> metadata, CancellationToken cancellationToken = default) =>
        CallAsync(
            () =>
            {
                bus.Publish(new Published(topicName, metadata["cloudevent.type"], metadata["cloudevent.id"], Bytes(data)));
                return true;
            },
            cancellationToken);

    private bool Transact(string storeName, IReadOnlyList<StateTransactionRequest> operations)
    {
        var items = operations.Where(operation => !IsProjection(operation)).ToList();
        var succeeded = store.Transact([.. items.Select(item => (Key(item.Key), item.Value!, item.ETag, IsFirstWrite(item.Options)))]);
        if (storeName == "orderstore" && (succeeded || store.Backend == Backend.Redis))
        {
            foreach (var item in items)
            {
                var message = operations.SingleOrDefault(operation => IsProjection(operation) && operation.Key == item.Key) ?? item;
                bus.Publish(new Published("orders", message.Metadata!["type"], $"outbox-{appId}-{store.GetHashCode()}-{++_outbox}", message.Value!));
            }
        }

        return succeeded ? true : throw new DaprException("500 ERR_STATE_TRANSACTION");
    }

    private async Task<T> CallAsync<T>(Func<T> effect, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Failure is { } failure)
            throw failure;
        if (around is not null)
            await around(false);
        cancellationToken.ThrowIfCancellationRequested();
        T result;
        lock (store)
            result = effect();
        if (around is not null)
            await around(true);
        return result;
    }

    private string Key(string key) => $"{appId}||{key}";

    private static bool IsProjection(StateTransactionRequest operation) => operation.Metadata?.ContainsKey("outbox.projection") == true;

    private static bool IsFirstWrite(StateOptions? options) => options?.Concurrency == ConcurrencyMode.FirstWrite;

    private static byte[] Bytes<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Json);

    private static T Value<T>(byte[]? bytes) => bytes is null ? default! : JsonSerializer.Deserialize<T>(bytes, Json)!;

    // What the shop does not use.
    public override Task PublishEventAsync<TData>(string pubsubName, string topicName, TData data, CancellationToken cancellationToken = default) => throw Unused();

    public override Task PublishEventAsync(string pubsubName, string topicName, CancellationToken cancellationToken = default) => throw Unused();

    public override Task PublishEventAsync(string pubsubName, string topicName, Dictionary<string, string> metadata, CancellationToken cancellationToken = default) => throw Unused();

    public override Task PublishByteEventAsync(string pubsubName, string topicName, ReadOnlyMemory<byte> data, string dataContentType = "application/json", Dictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName) => throw Unused();

    public override HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters) => throw Unused();

    public override HttpRequestMessage CreateInvokeMethodRequest<TRequest>(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters, TRequest data) => throw Unused();

    public override Task<bool> CheckHealthAsync(CancellationToken cancellationToken = default) => Task.FromResult(true);

    public override Task<bool> CheckOutboundHealthAsync(CancellationToken cancellationToken = default) => Task.FromResult(true);

    public override Task WaitForSidecarAsync(CancellationToken cancellationToken = default) => throw Unused();

    public override Task ShutdownSidecarAsync(CancellationToken cancellationToken = default) => throw Unused();

    public override Task<DaprMetadata> GetMetadataAsync(CancellationToken cancellationToken = default) => throw Unused();

    public override Task SetMetadataAsync(string attributeName, string attributeValue, CancellationToken cancellationToken = default) => throw Unused();

    public override HttpClient CreateInvokableHttpClient(string? appId = null) => throw Unused();

    public override Task DeleteStateAsync(string storeName, string key, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<bool> TryDeleteStateAsync(string storeName, string key, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<Dictionary<string, string>> GetSecretAsync(string storeName, string key, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<Dictionary<string, Dictionary<string, string>>> GetBulkSecretAsync(string storeName, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task InvokeBindingAsync<TRequest>(string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<TResponse> InvokeBindingAsync<TRequest, TResponse>(string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<BindingResponse> InvokeBindingAsync(BindingRequest request, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<BulkPublishResponse<TValue>> BulkPublishEventAsync<TValue>(string pubsubName, string topicName, IReadOnlyList<TValue> events, Dictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<IReadOnlyList<BulkStateItem>> GetBulkStateAsync(string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<IReadOnlyList<BulkStateItem<TValue>>> GetBulkStateAsync<TValue>(string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task SaveBulkStateAsync<TValue>(string storeName, IReadOnlyList<SaveStateItem<TValue>> items, CancellationToken cancellationToken = default) => throw Unused();

    public override Task DeleteBulkStateAsync(string storeName, IReadOnlyList<BulkDeleteStateItem> items, CancellationToken cancellationToken = default) => throw Unused();

    public override Task SaveByteStateAsync(string storeName, string key, ReadOnlyMemory<byte> binaryValue, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<bool> TrySaveByteStateAsync(string storeName, string key, ReadOnlyMemory<byte> binaryValue, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<ReadOnlyMemory<byte>> GetByteStateAsync(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<(ReadOnlyMemory<byte>, string etag)> GetByteStateAndETagAsync(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    public override Task<StateQueryResponse<TValue>> QueryStateAsync<TValue>(string storeName, string jsonQuery, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) => throw Unused();

    private static NotSupportedException Unused() => new("The shop does not use this.");
}
