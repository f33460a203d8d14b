using Google.Protobuf;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;

namespace Sidecar.Runtime.Tests.Errors;

/// <summary>What a failure has for an ErrorInfo.</summary>
internal enum Told
{
    /// <summary>None over either protocol.</summary>
    Nothing,

    /// <summary>None over HTTP; over gRPC one whose reason is the code (contract 3.5).</summary>
    CodeOverGrpc,

    /// <summary>The same over both.</summary>
    Reason,
}

/// <summary>One failure, provoked at both APIs of one sidecar.</summary>
/// <param name="Name">What is done, and what is wrong with it.</param>
/// <param name="Http">Verb and path.</param>
/// <param name="Body">Of the HTTP request; empty = none.</param>
/// <param name="Grpc">The same call.</param>
internal sealed record Failure(
    string Name, int Status, StatusCode Code, string ErrorCode, Told Told, string Reason, string Http, string Body, Func<GrpcChannel, Task<GrpcStatus>> Grpc)
{
    /// <summary>Asked of a sidecar that has no components.</summary>
    public bool OnBare { get; init; }

    public string ETag { get; init; } = "";

    public string ContentType { get; init; } = "application/json";
}

/// <summary>Every failure of state, publish and secrets that both APIs can have, with its pair of statuses (contract 2.2).</summary>
internal static class FailureTable
{
    private const string OneItem = """[{"key":"k","value":1}]""";
    private const string StaleItem = """[{"key":"k","value":1,"etag":"old"}]""";
    private const string OneUpsert = """{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}""";

    public static IReadOnlyList<Failure> All { get; } = [.. Stores(), .. Items(), .. Transactions(), .. Publishing(), .. BulkPublishing(), .. Secrets()];

    private static IEnumerable<Failure> Stores()
    {
        foreach (var (store, status, code, error, reason, bare) in ((string, int, StatusCode, string, string, bool)[])
            [("store", 500, StatusCode.FailedPrecondition, "ERR_STATE_STORE_NOT_CONFIGURED", "DAPR_STATE_NOT_CONFIGURED", true), ("nowhere", 400, StatusCode.InvalidArgument, "ERR_STATE_STORE_NOT_FOUND", "DAPR_STATE_NOT_FOUND", false)])
        {
            yield return Of("get", $"GET /v1.0/state/{store}/k", "", Get(store));
            yield return Of("save", $"POST /v1.0/state/{store}", OneItem, Save(store));
            yield return Of("delete", $"DELETE /v1.0/state/{store}/k", "", Delete(store));
            yield return Of("bulk get", $"POST /v1.0/state/{store}/bulk", """{"keys":["k"]}""", BulkGet(store));
            yield return Of("transaction", $"POST /v1.0/state/{store}/transaction", OneUpsert, Transact(store, "upsert"));
            yield return Of("query", $"POST /v1.0-alpha1/state/{store}/query", "{}", Query(store));

            Failure Of(string name, string http, string body, Func<GrpcChannel, Task<GrpcStatus>> grpc) =>
                new($"{name}: {(bare ? "no store" : "unknown store")}", status, code, error, Told.Reason, reason, http, body, grpc) { OnBare = bare };
        }
    }

    private static IEnumerable<Failure> Items()
    {
        const string bad = "a||b";
        yield return Illegal("get", "GET /v1.0/state/store/a%7C%7Cb", "", Get("store", bad));
        yield return Illegal("save", "POST /v1.0/state/store", """[{"key":"a||b","value":1}]""", Save("store", bad));
        yield return Illegal("delete", "DELETE /v1.0/state/store/a%7C%7Cb", "", Delete("store", bad));
        yield return Illegal("bulk get", "POST /v1.0/state/store/bulk", """{"keys":["a||b"]}""", BulkGet("store", bad));
        yield return Illegal("transaction", "POST /v1.0/state/store/transaction", """{"operations":[{"operation":"upsert","request":{"key":"a||b"}}]}""", Transact("store", "upsert", bad));
        yield return Plain("get: broken store", 500, StatusCode.Internal, "ERR_STATE_GET", "GET /v1.0/state/broken/k", "", Get("broken"));
        yield return Plain("save: broken store", 500, StatusCode.Internal, "ERR_STATE_SAVE", "POST /v1.0/state/broken", OneItem, Save("broken"));
        yield return Plain("delete: broken store", 500, StatusCode.Internal, "ERR_STATE_DELETE", "DELETE /v1.0/state/broken/k", "", Delete("broken"));
        yield return new Failure("bulk get: broken store", 500, StatusCode.Unknown, "ERR_STATE_BULK_GET", Told.Nothing, "", "POST /v1.0/state/broken/bulk", """{"keys":["k"]}""", BulkGet("broken"));
        yield return Plain("save: stale etag", 409, StatusCode.Aborted, "ERR_STATE_SAVE", "POST /v1.0/state/store", StaleItem, Save("store", change: item => item.Etag = new Etag { Value = "old" }));
        yield return Plain("save: invalid etag", 400, StatusCode.InvalidArgument, "ERR_STATE_SAVE", "POST /v1.0/state/store", """[{"key":"k","etag":"bad"}]""", Save("store", change: item => item.Etag = new Etag { Value = "bad" }));
        yield return Plain("save: time to live", 500, StatusCode.Internal, "ERR_STATE_SAVE", "POST /v1.0/state/store", """[{"key":"k","metadata":{"ttlInSeconds":"abc"}}]""", Save("store", change: item => item.Metadata["ttlInSeconds"] = "abc"));
        yield return Plain("delete: stale etag", 409, StatusCode.Aborted, "ERR_STATE_DELETE", "DELETE /v1.0/state/store/k", "", Delete("store", etag: "old")) with { ETag = "old" };
        yield return Plain("delete: invalid etag", 400, StatusCode.InvalidArgument, "ERR_STATE_DELETE", "DELETE /v1.0/state/store/k", "", Delete("store", etag: "bad")) with { ETag = "bad" };
        yield return new Failure("query", 500, StatusCode.Internal, "ERR_STATE_STORE_NOT_SUPPORTED", Told.Reason, "DAPR_STATE_QUERYING_NOT_SUPPORTED", "POST /v1.0-alpha1/state/store/query", "{}", Query("store"));

        static Failure Illegal(string name, string http, string body, Func<GrpcChannel, Task<GrpcStatus>> grpc) =>
            new($"{name}: illegal key", 400, StatusCode.InvalidArgument, "ERR_MALFORMED_REQUEST", Told.Reason, "DAPR_STATE_ILLEGAL_KEY", http, body, grpc);
    }

    private static IEnumerable<Failure> Transactions()
    {
        yield return Plain("transaction: broken store", 500, StatusCode.Internal, "ERR_STATE_TRANSACTION", "POST /v1.0/state/broken/transaction", OneUpsert, Transact("broken", "upsert"));
        yield return Plain("transaction: stale etag", 500, StatusCode.Internal, "ERR_STATE_TRANSACTION", "POST /v1.0/state/store/transaction",
            """{"operations":[{"operation":"delete","request":{"key":"k","etag":"old"}}]}""", Transact("store", "delete", change: item => item.Etag = new Etag { Value = "old" }));
        yield return Plain("transaction: unknown operation", 400, StatusCode.Unimplemented, "ERR_NOT_SUPPORTED_STATE_OPERATION", "POST /v1.0/state/store/transaction",
            """{"operations":[{"operation":"merge","request":{"key":"k"}}]}""", Transact("store", "merge"));
        yield return new Failure("transaction: no key", 400, StatusCode.InvalidArgument, "ERR_MALFORMED_REQUEST", Told.Nothing, "", "POST /v1.0/state/store/transaction",
            """{"operations":[{"operation":"upsert","request":{}}]}""", Transact("store", "upsert", ""));
        yield return new Failure("transaction: store without", 500, StatusCode.Unimplemented, "ERR_STATE_STORE_NOT_SUPPORTED", Told.Reason, "DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED",
            "POST /v1.0/state/plain/transaction", OneUpsert, Transact("plain", "upsert"));
        yield return new Failure("transaction: too many operations", 400, StatusCode.InvalidArgument, "ERR_STATE_STORE_TOO_MANY_TRANSACTIONS", Told.Reason, "DAPR_STATE_TOO_MANY_TRANSACTIONS",
            "POST /v1.0/state/small/transaction", """{"operations":[{"operation":"delete","request":{"key":"k"}},{"operation":"delete","request":{"key":"k"}}]}""", Transact("small", "delete", times: 2));
        yield return new Failure("transaction: outbox", 500, StatusCode.Internal, "ERR_PUBLISH_OUTBOX", Told.Reason, "DAPR_PUBSUB_OUTBOX", "POST /v1.0/state/boxed/transaction", OneUpsert, Transact("boxed", "upsert"));
    }

    private static IEnumerable<Failure> Publishing()
    {
        yield return Rich("publish: no broker", 400, StatusCode.FailedPrecondition, "ERR_PUBSUB_NOT_CONFIGURED", "DAPR_PUBSUB_NOT_CONFIGURED", "POST /v1.0/publish/pubsub/t", Publish("pubsub", "t")) with { OnBare = true };
        yield return Rich("publish: unknown broker", 404, StatusCode.InvalidArgument, "ERR_PUBSUB_NOT_FOUND", "DAPR_PUBSUB_NOT_FOUND", "POST /v1.0/publish/nowhere/t", Publish("nowhere", "t"));
        yield return Rich("publish: no topic", 404, StatusCode.InvalidArgument, "ERR_TOPIC_NAME_EMPTY", "DAPR_PUBSUB_TOPIC_NAME_EMPTY", "POST /v1.0/publish/pubsub/", Publish("pubsub", ""));
        yield return Rich("publish: metadata", 400, StatusCode.InvalidArgument, "ERR_PUBSUB_REQUEST_METADATA", "DAPR_PUBSUB_METADATA_DESERIALIZATION",
            "POST /v1.0/publish/pubsub/t?metadata.rawPayload=yes", Publish("pubsub", "t", change: request => request.Metadata["rawPayload"] = "yes"));
        yield return Rich("publish: no cloud event", 500, StatusCode.InvalidArgument, "ERR_PUBSUB_CLOUD_EVENTS_SER", "DAPR_PUBSUB_CLOUD_EVENT_CREATION",
            "POST /v1.0/publish/pubsub/t", Publish("pubsub", "t", change: request => request.DataContentType = "application/cloudevents+json")) with
        { Body = "[]", ContentType = "application/cloudevents+json" };
        yield return Rich("publish: forbidden", 403, StatusCode.PermissionDenied, "ERR_PUBSUB_FORBIDDEN", "DAPR_PUBSUB_FORBIDDEN", "POST /v1.0/publish/pubsub/closed", Publish("pubsub", "closed"));
        yield return Rich("publish: broken broker", 500, StatusCode.Internal, "ERR_PUBSUB_PUBLISH_MESSAGE", "DAPR_PUBSUB_PUBLISH_MESSAGE", "POST /v1.0/publish/pubsub/full", Publish("pubsub", "full"));
    }

    private static IEnumerable<Failure> BulkPublishing()
    {
        yield return Rich("bulk publish: no broker", 400, StatusCode.FailedPrecondition, "ERR_PUBSUB_NOT_CONFIGURED", "DAPR_PUBSUB_NOT_CONFIGURED", "POST /v1.0/publish/bulk/pubsub/t", BulkPublish("pubsub", "t", "1")) with { OnBare = true };
        yield return Rich("bulk publish: unknown broker", 404, StatusCode.InvalidArgument, "ERR_PUBSUB_NOT_FOUND", "DAPR_PUBSUB_NOT_FOUND", "POST /v1.0/publish/bulk/nowhere/t", BulkPublish("nowhere", "t", "1"));
        yield return Rich("bulk publish: no topic", 404, StatusCode.InvalidArgument, "ERR_TOPIC_NAME_EMPTY", "DAPR_PUBSUB_TOPIC_NAME_EMPTY", "POST /v1.0/publish/bulk/pubsub/", BulkPublish("pubsub", "", "1"));
        yield return Rich("bulk publish: forbidden", 403, StatusCode.PermissionDenied, "ERR_PUBSUB_FORBIDDEN", "DAPR_PUBSUB_FORBIDDEN", "POST /v1.0/publish/bulk/pubsub/closed", BulkPublish("pubsub", "closed", "1")) with { Body = Entries("1") };
        foreach (var ids in (string[][])[["1", "1"], [""]])
        {
            yield return Rich($"bulk publish: entry ids '{string.Join(' ', ids)}'", 400, StatusCode.InvalidArgument, "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_MARSHAL_EVENTS",
                "POST /v1.0/publish/bulk/pubsub/t", BulkPublish("pubsub", "t", ids)) with
            { Body = Entries(ids) };
        }

        static string Entries(params string[] ids) => $"[{string.Join(',', ids.Select(id => $$"""{"entryId":"{{id}}","event":1,"contentType":"application/json"}"""))}]";
    }

    private static IEnumerable<Failure> Secrets()
    {
        yield return Bare("secret: no store", 500, StatusCode.FailedPrecondition, "ERR_SECRET_STORES_NOT_CONFIGURED", "GET /v1.0/secrets/vault/s", Secret("vault", "s")) with { OnBare = true };
        yield return Bare("secret: unknown store", 401, StatusCode.InvalidArgument, "ERR_SECRET_STORE_NOT_FOUND", "GET /v1.0/secrets/nowhere/s", Secret("nowhere", "s"));
        yield return Bare("secret: denied", 403, StatusCode.PermissionDenied, "ERR_PERMISSION_DENIED", "GET /v1.0/secrets/vault/hidden", Secret("vault", "hidden"));
        yield return Bare("secret: missing", 500, StatusCode.Internal, "ERR_SECRET_GET", "GET /v1.0/secrets/vault/missing", Secret("vault", "missing"));
        yield return Bare("secret: broken store", 500, StatusCode.Internal, "ERR_SECRET_GET", "GET /v1.0/secrets/jammed/s", Secret("jammed", "s"));
        yield return Bare("bulk secret: no store", 500, StatusCode.FailedPrecondition, "ERR_SECRET_STORES_NOT_CONFIGURED", "GET /v1.0/secrets/vault/bulk", BulkSecret("vault")) with { OnBare = true };
        yield return Bare("bulk secret: unknown store", 401, StatusCode.InvalidArgument, "ERR_SECRET_STORE_NOT_FOUND", "GET /v1.0/secrets/nowhere/bulk", BulkSecret("nowhere"));
        yield return Bare("bulk secret: broken store", 500, StatusCode.Internal, "ERR_SECRET_GET", "GET /v1.0/secrets/jammed/bulk", BulkSecret("jammed"));

        static Failure Bare(string name, int status, StatusCode code, string error, string http, Func<GrpcChannel, Task<GrpcStatus>> grpc) =>
            new(name, status, code, error, Told.Nothing, "", http, "", grpc);
    }

    private static Failure Plain(string name, int status, StatusCode code, string error, string http, string body, Func<GrpcChannel, Task<GrpcStatus>> grpc) =>
        new(name, status, code, error, Told.CodeOverGrpc, error, http, body, grpc);

    private static Failure Rich(string name, int status, StatusCode code, string error, string reason, string http, Func<GrpcChannel, Task<GrpcStatus>> grpc) =>
        new(name, status, code, error, Told.Reason, reason, http, "[]", grpc);

    private static Func<GrpcChannel, Task<GrpcStatus>> Get(string store, string key = "k") =>
        channel => channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = store, Key = key });

    private static Func<GrpcChannel, Task<GrpcStatus>> Save(string store, string key = "k", Action<StateItem>? change = null) => channel => channel.SaveAsync(key, "1"u8.ToArray(), change, store);

    private static Func<GrpcChannel, Task<GrpcStatus>> Delete(string store, string key = "k", string etag = "") =>
        channel => channel.StatusAsync(DaprMethods.DeleteState, new DeleteStateRequest { StoreName = store, Key = key, Etag = new Etag { Value = etag } });

    private static Func<GrpcChannel, Task<GrpcStatus>> BulkGet(string store, string key = "k") =>
        channel => channel.StatusAsync(DaprMethods.GetBulkState, new GetBulkStateRequest { StoreName = store, Keys = { key } });

    private static Func<GrpcChannel, Task<GrpcStatus>> Query(string store) => channel => channel.StatusAsync(DaprMethods.QueryState, new QueryStateRequest { StoreName = store, Query = "{}" });

    private static Func<GrpcChannel, Task<GrpcStatus>> Transact(string store, string operation, string key = "k", int times = 1, Action<StateItem>? change = null)
    {
        var item = new StateItem { Key = key, Value = ByteString.CopyFromUtf8("1") };
        change?.Invoke(item);
        var request = new ExecuteStateTransactionRequest { StoreName = store };
        request.Operations.AddRange(Enumerable.Repeat(new TransactionalStateOperation { OperationType = operation, Request = item }, times));
        return channel => channel.StatusAsync(DaprMethods.Transact, request);
    }

    private static Func<GrpcChannel, Task<GrpcStatus>> Publish(string pubsub, string topic, Action<PublishEventRequest>? change = null)
    {
        var request = new PublishEventRequest { PubsubName = pubsub, Topic = topic, Data = ByteString.CopyFromUtf8("[]"), DataContentType = "application/json" };
        change?.Invoke(request);
        return channel => channel.StatusAsync(DaprMethods.Publish, request);
    }

    private static Func<GrpcChannel, Task<GrpcStatus>> BulkPublish(string pubsub, string topic, params string[] ids) => channel => channel.StatusAsync(
        DaprMethods.BulkPublish, new BulkPublishRequest { PubsubName = pubsub, Topic = topic, Entries = { ids.Select(id => new BulkPublishRequestEntry { EntryId = id }) } });

    private static Func<GrpcChannel, Task<GrpcStatus>> Secret(string store, string key) =>
        channel => channel.StatusAsync(DaprMethods.GetSecret, new GetSecretRequest { StoreName = store, Key = key });

    private static Func<GrpcChannel, Task<GrpcStatus>> BulkSecret(string store) => channel => channel.StatusAsync(DaprMethods.GetBulkSecret, new GetBulkSecretRequest { StoreName = store });
}
