using System.Net.Http.Headers;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>
/// The building blocks of a Dapr sidecar. Failures surface as <see cref="DaprException"/> with the cause inside; the caller's
/// own cancellation as <see cref="OperationCanceledException"/>. Instances are safe to share between threads.
/// </summary>
/// <remarks>
/// Common parameters: <c>metadata</c> are passed to the component as they are; names of stores and pub/subs are component names.
/// <para>
/// The official client also has <c>CreateInvocationInvoker</c> and <c>InvokeMethodGrpcAsync</c>. Their signatures hold types of
/// <c>Grpc.Core.Api</c>, which this assembly does not reference, so they are not here. A gRPC service of another app is called
/// by any gRPC client at the sidecar's gRPC port (<c>DAPR_GRPC_PORT</c>) with the metadata <c>dapr-app-id</c>; without such a
/// package by <c>GrpcChannel</c> of <c>Sidecar.Grpc</c>.
/// </para>
/// </remarks>
public abstract class DaprClient : IDisposable
{
    /// <summary>How values become JSON, and back.</summary>
    public abstract JsonSerializerOptions JsonSerializerOptions { get; }

    /// <summary>
    /// An <see cref="HttpClient"/> that invokes other apps through the sidecar: <c>http://app-id/path</c> names the app.
    /// </summary>
    /// <param name="appId">When given, relative addresses go to this app; needed for an app-id with upper-case letters.</param>
    /// <param name="daprEndpoint">The sidecar's HTTP endpoint; from the environment unless given.</param>
    /// <param name="daprApiToken">The sidecar's token; from the environment unless given.</param>
    /// <exception cref="ArgumentException">The app-id cannot be a host name, or the endpoint is not an http or https address.</exception>
    public static HttpClient CreateInvokeHttpClient(string? appId = null, string? daprEndpoint = null, string? daprApiToken = null)
    {
        var handler = new InvocationHandler { InnerHandler = SidecarHandlers.Shared, DefaultAppId = appId };
        if (daprEndpoint is not null)
            handler.DaprEndpoint = daprEndpoint;
        if (daprApiToken is not null)
            handler.DaprApiToken = daprApiToken;

        var client = new HttpClient(handler, disposeHandler: false);
        client.DefaultRequestHeaders.UserAgent.Add(UserAgent());
        if (appId is null)
            return client;
        if (Uri.CheckHostName(appId) == UriHostNameType.Unknown || !Uri.TryCreate($"http://{appId}", UriKind.Absolute, out var address))
            throw new ArgumentException($"The app-id '{appId}' cannot be used as a host name.", nameof(appId));
        client.BaseAddress = address;
        return client;
    }

    /// <summary>Publishes data as JSON, or a <see cref="CloudEvent{TData}"/> as it is.</summary>
    public abstract Task PublishEventAsync<TData>(string pubsubName, string topicName, TData data, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="PublishEventAsync{TData}(string, string, TData, CancellationToken)"/>
    public abstract Task PublishEventAsync<TData>(string pubsubName, string topicName, TData data, Dictionary<string, string> metadata, CancellationToken cancellationToken = default);

    /// <summary>Publishes an event without data.</summary>
    public abstract Task PublishEventAsync(string pubsubName, string topicName, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="PublishEventAsync(string, string, CancellationToken)"/>
    public abstract Task PublishEventAsync(string pubsubName, string topicName, Dictionary<string, string> metadata, CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes many events in one call, each as JSON or a <see cref="CloudEvent{TData}"/> as it is. Entries that could not be published
    /// are in the answer; a call that was refused as a whole throws.
    /// </summary>
    public abstract Task<BulkPublishResponse<TValue>> BulkPublishEventAsync<TValue>(string pubsubName, string topicName, IReadOnlyList<TValue> events, Dictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes bytes as they are, under the content type given.</summary>
    public abstract Task PublishByteEventAsync(string pubsubName, string topicName, ReadOnlyMemory<byte> data, string dataContentType = "application/json", Dictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Calls an output binding with data as JSON.</summary>
    /// <exception cref="DaprApiException">The binding could not do it.</exception>
    public abstract Task InvokeBindingAsync<TRequest>(string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Calls an output binding with data as JSON, and reads its answer from JSON; <c>default</c> when it answers nothing.</summary>
    /// <inheritdoc cref="InvokeBindingAsync{TRequest}(string, string, TRequest, IReadOnlyDictionary{string, string}?, CancellationToken)"/>
    public abstract Task<TResponse> InvokeBindingAsync<TRequest, TResponse>(string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Calls an output binding and gives its answer as it is, with its metadata.</summary>
    /// <inheritdoc cref="InvokeBindingAsync{TRequest}(string, string, TRequest, IReadOnlyDictionary{string, string}?, CancellationToken)"/>
    public abstract Task<BindingResponse> InvokeBindingAsync(BindingRequest request, CancellationToken cancellationToken = default);

    /// <summary>A POST request that invokes a method of an app.</summary>
    public HttpRequestMessage CreateInvokeMethodRequest(string appId, string methodName) =>
        CreateInvokeMethodRequest(HttpMethod.Post, appId, methodName);

    /// <inheritdoc cref="CreateInvokeMethodRequest(string, string)"/>
    public HttpRequestMessage CreateInvokeMethodRequest(string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters) =>
        CreateInvokeMethodRequest(HttpMethod.Post, appId, methodName, queryStringParameters);

    /// <summary>A request that invokes a method of an app. It is addressed to the sidecar and carries its token: any HTTP client can send it.</summary>
    public abstract HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName);

    /// <inheritdoc cref="CreateInvokeMethodRequest(HttpMethod, string, string)"/>
    public abstract HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters);

    /// <summary>A POST request with a JSON body that invokes a method of an app.</summary>
    public HttpRequestMessage CreateInvokeMethodRequest<TRequest>(string appId, string methodName, TRequest data) =>
        CreateInvokeMethodRequest(HttpMethod.Post, appId, methodName, [], data);

    /// <summary>A request with a JSON body that invokes a method of an app.</summary>
    public abstract HttpRequestMessage CreateInvokeMethodRequest<TRequest>(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters, TRequest data);

    /// <summary>Whether the sidecar is ready, subscriptions included. False when it cannot be reached.</summary>
    public abstract Task<bool> CheckHealthAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether the sidecar's API and components can be used; it may still be waiting for the app.</summary>
    public abstract Task<bool> CheckOutboundHealthAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns once <see cref="CheckOutboundHealthAsync"/> says yes.</summary>
    public abstract Task WaitForSidecarAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks the sidecar to end.</summary>
    public abstract Task ShutdownSidecarAsync(CancellationToken cancellationToken = default);

    /// <summary>What the sidecar tells about itself.</summary>
    public abstract Task<DaprMetadata> GetMetadataAsync(CancellationToken cancellationToken = default);

    /// <summary>Adds an attribute to <see cref="DaprMetadata.Extended"/>.</summary>
    public abstract Task SetMetadataAsync(string attributeName, string attributeValue, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="CreateInvokeHttpClient"/>, with this client's endpoint and token.</summary>
    public abstract HttpClient CreateInvokableHttpClient(string? appId = null);

    /// <summary>Reads a value; <c>default</c> when nothing is stored.</summary>
    public abstract Task<TValue> GetStateAsync<TValue>(string storeName, string key, ConsistencyMode? consistencyMode = default, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Reads several values as JSON text, in the order of the keys; one that is not stored has an empty value and ETag.</summary>
    /// <param name="parallelism">How many keys the sidecar reads at a time; null or less than one = all of them.</param>
    /// <exception cref="DaprApiException">Also when some of the keys could not be read.</exception>
    public abstract Task<IReadOnlyList<BulkStateItem>> GetBulkStateAsync(string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Reads several values, in the order of the keys; one that is not stored is <c>default</c> with an empty ETag.</summary>
    /// <inheritdoc cref="GetBulkStateAsync(string, IReadOnlyList{string}, int?, IReadOnlyDictionary{string, string}?, CancellationToken)"/>
    public abstract Task<IReadOnlyList<BulkStateItem<TValue>>> GetBulkStateAsync<TValue>(string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Writes several values, each for itself: when one fails, which throws, the others may be written.</summary>
    public abstract Task SaveBulkStateAsync<TValue>(string storeName, IReadOnlyList<SaveStateItem<TValue>> items, CancellationToken cancellationToken = default);

    /// <summary>Removes several keys, each for itself: when one fails, which throws, the others are removed all the same.</summary>
    public abstract Task DeleteBulkStateAsync(string storeName, IReadOnlyList<BulkDeleteStateItem> items, CancellationToken cancellationToken = default);

    /// <summary>Reads a value and its version; <c>default</c> and an empty ETag when nothing is stored.</summary>
    public abstract Task<(TValue value, string etag)> GetStateAndETagAsync<TValue>(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a value as an entry that can be written back.</summary>
    public async Task<StateEntry<TValue>> GetStateEntryAsync<TValue>(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var (value, etag) = await GetStateAndETagAsync<TValue>(storeName, key, consistencyMode, metadata, cancellationToken).ConfigureAwait(false);
        return new StateEntry<TValue>(this, storeName, key, value, etag);
    }

    /// <summary>Writes a value, whatever the stored version.</summary>
    public abstract Task SaveStateAsync<TValue>(string storeName, string key, TValue value, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Writes bytes, whatever the stored version.</summary>
    /// <remarks>
    /// Over the HTTP API a value is JSON, so the bytes are stored as a JSON string with a <c>data:application/octet-stream;base64,</c> URI.
    /// <see cref="GetByteStateAsync"/> gives the same bytes back, from an encrypted store too; other readers, the official SDK among them, see that string.
    /// The official SDK stores bytes as they are, over gRPC; <see cref="GetByteStateAsync"/> reads those as well.
    /// </remarks>
    public abstract Task SaveByteStateAsync(string storeName, string key, ReadOnlyMemory<byte> binaryValue, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Writes bytes as <see cref="SaveByteStateAsync"/> does, if the stored version is <paramref name="etag"/>; false if it is not.</summary>
    public abstract Task<bool> TrySaveByteStateAsync(string storeName, string key, ReadOnlyMemory<byte> binaryValue, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Reads bytes; of a value that was not saved as bytes, those of its JSON text. Empty when nothing is stored.</summary>
    public abstract Task<ReadOnlyMemory<byte>> GetByteStateAsync(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Reads bytes as <see cref="GetByteStateAsync"/> does, with their version.</summary>
    public abstract Task<(ReadOnlyMemory<byte>, string etag)> GetByteStateAndETagAsync(string storeName, string key, ConsistencyMode? consistencyMode = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes a value if the stored version is <paramref name="etag"/>; false if it is not. With an empty ETag and
    /// <see cref="ConcurrencyMode.FirstWrite"/>, writes only where nothing is stored.
    /// </summary>
    public abstract Task<bool> TrySaveStateAsync<TValue>(string storeName, string key, TValue value, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Does all operations or none, as far as the store can promise it.</summary>
    public abstract Task ExecuteStateTransactionAsync(string storeName, IReadOnlyList<StateTransactionRequest> operations, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Removes a key, whatever its version; removing what is not there is no error.</summary>
    public abstract Task DeleteStateAsync(string storeName, string key, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Removes a key if the stored version is <paramref name="etag"/>; false if it is not.</summary>
    public abstract Task<bool> TryDeleteStateAsync(string storeName, string key, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Finds values by a query in Dapr's JSON form. Most stores cannot be queried, which throws.</summary>
    /// <exception cref="StateQueryException{TValue}">Items were found that could not be read.</exception>
    public abstract Task<StateQueryResponse<TValue>> QueryStateAsync<TValue>(string storeName, string jsonQuery, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a secret: its values by name, mostly one named as the secret.</summary>
    public abstract Task<Dictionary<string, string>> GetSecretAsync(string storeName, string key, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Reads all secrets that the app may see.</summary>
    public abstract Task<Dictionary<string, Dictionary<string, string>>> GetBulkSecretAsync(string storeName, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the client holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>How calls of this SDK name themselves.</summary>
    protected static ProductInfoHeaderValue UserAgent() =>
        new("dapr-sdk-dotnet", typeof(DaprClient).Assembly.GetName().Version?.ToString(3) ?? "0.0.0");
}
