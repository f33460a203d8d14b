using System.Net.Http.Headers;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>The client over the sidecar's HTTP API. Each building block has a class of its own; this one only hands on.</summary>
internal sealed class DaprHttpClient(SidecarConnection sidecar, TimeProvider clock) : DaprClient
{
    private readonly StateClient _state = new(sidecar);
    private readonly BulkStateClient _bulkState = new(sidecar, new StateClient(sidecar));
    private readonly PublishClient _publish = new(sidecar);
    private readonly BulkPublishClient _bulkPublish = new(sidecar);
    private readonly BindingClient _bindings = new(sidecar);
    private readonly SecretClient _secrets = new(sidecar);
    private readonly InvocationRequests _requests = new(sidecar);
    private readonly SidecarStatusClient _status = new(sidecar, clock);

    internal static ProductInfoHeaderValue Agent => UserAgent();

    public override JsonSerializerOptions JsonSerializerOptions => sidecar.Json;

    public override Task PublishEventAsync<TData>(string pubsubName, string topicName, TData data, CancellationToken cancellationToken = default) =>
        _publish.PublishAsync(pubsubName, topicName, data, metadata: null, cancellationToken);

    public override Task PublishEventAsync<TData>(string pubsubName, string topicName, TData data, Dictionary<string, string> metadata, CancellationToken cancellationToken = default) =>
        _publish.PublishAsync(pubsubName, topicName, data, metadata, cancellationToken);

    public override Task PublishEventAsync(string pubsubName, string topicName, CancellationToken cancellationToken = default) =>
        _publish.PublishAsync(pubsubName, topicName, metadata: null, cancellationToken);

    public override Task PublishEventAsync(string pubsubName, string topicName, Dictionary<string, string> metadata, CancellationToken cancellationToken = default) =>
        _publish.PublishAsync(pubsubName, topicName, metadata, cancellationToken);

    public override Task<BulkPublishResponse<TValue>> BulkPublishEventAsync<TValue>(string pubsubName, string topicName, IReadOnlyList<TValue> events, Dictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _bulkPublish.PublishAsync(pubsubName, topicName, events, metadata, cancellationToken);

    public override Task PublishByteEventAsync(string pubsubName, string topicName, ReadOnlyMemory<byte> data, string dataContentType = "application/json", Dictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _publish.PublishAsync(pubsubName, topicName, data, dataContentType, metadata, cancellationToken);

    public override Task InvokeBindingAsync<TRequest>(string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _bindings.InvokeAsync(bindingName, operation, data, metadata, cancellationToken);

    public override Task<TResponse> InvokeBindingAsync<TRequest, TResponse>(string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _bindings.InvokeAsync<TRequest, TResponse>(bindingName, operation, data, metadata, cancellationToken);

    public override Task<BindingResponse> InvokeBindingAsync(BindingRequest request, CancellationToken cancellationToken = default) =>
        _bindings.InvokeAsync(request, cancellationToken);

    public override HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName) =>
        _requests.Create(httpMethod, appId, methodName, []);

    public override HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters) =>
        _requests.Create(httpMethod, appId, methodName, queryStringParameters);

    public override HttpRequestMessage CreateInvokeMethodRequest<TRequest>(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters, TRequest data) =>
        _requests.Create(httpMethod, appId, methodName, queryStringParameters, data);

    public override HttpClient CreateInvokableHttpClient(string? appId = null) =>
        CreateInvokeHttpClient(appId, sidecar.Root, sidecar.ApiToken);

    public override Task<bool> CheckHealthAsync(CancellationToken cancellationToken = default) => _status.IsHealthyAsync(cancellationToken);

    public override Task<bool> CheckOutboundHealthAsync(CancellationToken cancellationToken = default) => _status.IsOutboundHealthyAsync(cancellationToken);

    public override Task WaitForSidecarAsync(CancellationToken cancellationToken = default) => _status.WaitAsync(cancellationToken);

    public override Task ShutdownSidecarAsync(CancellationToken cancellationToken = default) => _status.ShutdownAsync(cancellationToken);

    public override Task<DaprMetadata> GetMetadataAsync(CancellationToken cancellationToken = default) => _status.GetMetadataAsync(cancellationToken);

    public override Task SetMetadataAsync(string attributeName, string attributeValue, CancellationToken cancellationToken = default) =>
        _status.SetMetadataAsync(attributeName, attributeValue, cancellationToken);

    public override async Task<TValue> GetStateAsync<TValue>(string storeName, string key, ConsistencyMode? consistencyMode = default, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        (await _state.GetAsync<TValue>(storeName, key, consistencyMode, metadata, cancellationToken).ConfigureAwait(false)).Value;

    public override Task<(TValue value, string etag)> GetStateAndETagAsync<TValue>(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _state.GetAsync<TValue>(storeName, key, consistencyMode, metadata, cancellationToken);

    public override Task<IReadOnlyList<BulkStateItem>> GetBulkStateAsync(string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _bulkState.GetAsync(storeName, keys, parallelism, metadata, (key, data, etag) => new BulkStateItem(key, data.ValueKind == JsonValueKind.Undefined ? "" : data.GetRawText(), etag), cancellationToken);

    public override Task<IReadOnlyList<BulkStateItem<TValue>>> GetBulkStateAsync<TValue>(string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _bulkState.GetAsync(storeName, keys, parallelism, metadata, (key, data, etag) => new BulkStateItem<TValue>(key, StateJson.Read<TValue>(storeName, key, data, sidecar.Json)!, etag), cancellationToken);

    public override Task SaveBulkStateAsync<TValue>(string storeName, IReadOnlyList<SaveStateItem<TValue>> items, CancellationToken cancellationToken = default) =>
        _bulkState.SaveAsync(storeName, items, cancellationToken);

    public override Task DeleteBulkStateAsync(string storeName, IReadOnlyList<BulkDeleteStateItem> items, CancellationToken cancellationToken = default) =>
        _bulkState.DeleteAsync(storeName, items, cancellationToken);

    public override Task SaveByteStateAsync(string storeName, string key, ReadOnlyMemory<byte> binaryValue, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        SaveStateAsync(storeName, key, ByteState.Encode(binaryValue.Span), stateOptions, metadata, cancellationToken);

    public override Task<bool> TrySaveByteStateAsync(string storeName, string key, ReadOnlyMemory<byte> binaryValue, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        TrySaveStateAsync(storeName, key, ByteState.Encode(binaryValue.Span), etag, stateOptions, metadata, cancellationToken);

    public override async Task<ReadOnlyMemory<byte>> GetByteStateAsync(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        (await _state.GetBytesAsync(storeName, key, consistencyMode, metadata, cancellationToken).ConfigureAwait(false)).Value;

    public override Task<(ReadOnlyMemory<byte>, string etag)> GetByteStateAndETagAsync(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _state.GetBytesAsync(storeName, key, consistencyMode, metadata, cancellationToken)!;

    public override Task<StateQueryResponse<TValue>> QueryStateAsync<TValue>(string storeName, string jsonQuery, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _bulkState.QueryAsync<TValue>(storeName, jsonQuery, metadata, cancellationToken);

    public override Task SaveStateAsync<TValue>(string storeName, string key, TValue value, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _state.SaveAsync(storeName, key, value, etag: null, stateOptions, metadata, cancellationToken);

    public override Task<bool> TrySaveStateAsync<TValue>(string storeName, string key, TValue value, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _state.SaveAsync(storeName, key, value, etag ?? throw new ArgumentNullException(nameof(etag)), stateOptions, metadata, cancellationToken);

    public override Task ExecuteStateTransactionAsync(string storeName, IReadOnlyList<StateTransactionRequest> operations, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _state.TransactAsync(storeName, operations, metadata, cancellationToken);

    public override Task DeleteStateAsync(string storeName, string key, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _state.DeleteAsync(storeName, key, etag: null, stateOptions, metadata, cancellationToken);

    public override Task<bool> TryDeleteStateAsync(string storeName, string key, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _state.DeleteAsync(storeName, key, etag ?? throw new ArgumentNullException(nameof(etag)), stateOptions, metadata, cancellationToken);

    public override Task<Dictionary<string, string>> GetSecretAsync(string storeName, string key, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _secrets.GetAsync(storeName, key, metadata, cancellationToken);

    public override Task<Dictionary<string, Dictionary<string, string>>> GetBulkSecretAsync(string storeName, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _secrets.GetBulkAsync(storeName, metadata, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            sidecar.Dispose();
        base.Dispose(disposing);
    }
}
