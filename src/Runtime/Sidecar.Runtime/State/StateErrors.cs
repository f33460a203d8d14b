using System.Globalization;
using Sidecar.Components.State;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.State;

/// <summary>The failures of the state API (contract section 2.2).</summary>
internal static class StateErrors
{
    public const string ETagMismatch = "possible etag mismatch. error from state store: the stored item has another etag";
    public const string ETagInvalid = "invalid etag value";

    private const string TransactionsDocumentation = "https://docs.dapr.io/reference/components-reference/supported-state-stores/";

    public static DaprError NotConfigured(string store, string appId) =>
        new("ERR_STATE_STORE_NOT_CONFIGURED", 500, StatusCode.FailedPrecondition, $"state store {store} is not configured")
        {
            Reason = "DAPR_STATE_NOT_CONFIGURED",
            ReasonMetadata = new Dictionary<string, string> { ["appID"] = appId },
        };

    public static DaprError NotFound(string store, string appId) =>
        new("ERR_STATE_STORE_NOT_FOUND", 400, StatusCode.InvalidArgument, $"state store {store} is not found")
        {
            Reason = "DAPR_STATE_NOT_FOUND",
            HttpReasonMetadata = new Dictionary<string, string> { ["appID"] = appId },
        };

    /// <param name="key">The key asked for.</param>
    /// <param name="illegal">What holds the separator: the key itself or the component's prefix.</param>
    public static DaprError IllegalKey(string store, string key, string illegal)
    {
        var message = $"input key/keyPrefix '{illegal}' can't contain '||'";
        return new DaprError("ERR_MALFORMED_REQUEST", 400, StatusCode.InvalidArgument, message)
        {
            Reason = "DAPR_STATE_ILLEGAL_KEY",
            Resource = new ResourceInfo("state", store),
            FieldViolations = [(key, message)],
        };
    }

    /// <summary>Of a transaction or a bulk get.</summary>
    public static DaprError MalformedBody(string reason) => CommonErrors.Malformed($"failed deserializing HTTP body: {reason}");

    public static DaprError KeyMissing() => CommonErrors.Malformed("\"key\" is a required field");

    /// <summary>Of a save over gRPC; over HTTP the body of such a save is malformed already.</summary>
    public static DaprError SavedKeyEmpty() => Invalid(SaveFailure("state key cannot be empty"));

    /// <summary>An item says that it is JSON, and is none.</summary>
    public static DaprError NotJson(DaprError failure) => Invalid(failure);

    public static DaprError Get(string store, string key, string reason) =>
        new("ERR_STATE_GET", 500, StatusCode.Internal, $"fail to get {key} from state store {store}: {reason}") { HasGrpcReason = true };

    /// <summary>The store could give none of the keys.</summary>
    public static DaprError BulkGet(string reason) => new("ERR_STATE_BULK_GET", 500, StatusCode.Unknown, reason);

    public static DaprError Save(string store, string reason) => SaveFailure($"failed saving state in state store {store}: {reason}");

    /// <summary>Null for <see cref="StateResult.Ok"/>.</summary>
    public static DaprError? Save(string store, StateResult result) => ForResult(Save(store, Describe(result)), result);

    public static DaprError Delete(string key, string reason) =>
        new("ERR_STATE_DELETE", 500, StatusCode.Internal, $"failed deleting state with key {key}: {reason}") { HasGrpcReason = true };

    /// <inheritdoc cref="Save(string, StateResult)"/>
    public static DaprError? Delete(string key, StateResult result) => ForResult(Delete(key, Describe(result)), result);

    /// <summary>Many keys at once, which gRPC alone has.</summary>
    public static DaprError DeleteBulk(string store, string reason) =>
        new("ERR_STATE_BULK_DELETE", 500, StatusCode.Internal, $"failed deleting state in state store {store}: {reason}") { HasGrpcReason = true };

    /// <inheritdoc cref="Save(string, StateResult)"/>
    public static DaprError? DeleteBulk(string store, StateResult result) => ForResult(DeleteBulk(store, Describe(result)), result);

    /// <summary>Also for ETag conflicts, which are 500 here and never 409.</summary>
    public static DaprError Transaction(string reason) =>
        new("ERR_STATE_TRANSACTION", 500, StatusCode.Internal, $"error while executing state transaction: {reason}") { HasGrpcReason = true };

    public static string Describe(StateResult result) => result == StateResult.ETagInvalid ? ETagInvalid : ETagMismatch;

    public static DaprError UnknownOperation(string operation) =>
        new("ERR_NOT_SUPPORTED_STATE_OPERATION", 400, StatusCode.Unimplemented, $"operation type {operation} not supported") { HasGrpcReason = true };

    public static DaprError TransactionsNotSupported(string store) =>
        new("ERR_STATE_STORE_NOT_SUPPORTED", 500, StatusCode.Unimplemented, $"state store {store} doesn't support transactions")
        {
            Reason = "DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED",
            Resource = new ResourceInfo("state", store),
            HelpLinks = [(TransactionsDocumentation, "State stores by capability")],
        };

    public static DaprError TooManyOperations(string store, int operations, int most) =>
        new("ERR_STATE_STORE_TOO_MANY_TRANSACTIONS", 400, StatusCode.InvalidArgument,
            $"the transaction holds {operations} operations, state store {store} takes {most} at most")
        {
            Reason = "DAPR_STATE_TOO_MANY_TRANSACTIONS",
            Resource = new ResourceInfo("state", store),
            ReasonMetadata = new Dictionary<string, string>
            {
                ["currentOpsTransaction"] = operations.ToString(CultureInfo.InvariantCulture),
                ["maxOpsPerTransaction"] = most.ToString(CultureInfo.InvariantCulture),
            },
        };

    public static DaprError QueryNotSupported(string store) =>
        new("ERR_STATE_STORE_NOT_SUPPORTED", 500, StatusCode.Internal, "state store does not support querying")
        {
            Reason = "DAPR_STATE_QUERYING_NOT_SUPPORTED",
            Resource = new ResourceInfo("state", store),
        };

    public static DaprError Outbox(string reason) =>
        new("ERR_PUBLISH_OUTBOX", 500, StatusCode.Internal, $"error while publishing outbox message: {reason}")
        {
            Reason = "DAPR_PUBSUB_OUTBOX",
        };

    private static DaprError? ForResult(DaprError failure, StateResult result) => result switch
    {
        StateResult.Ok => null,
        StateResult.ETagMismatch => failure with { HttpStatus = 409, GrpcCode = StatusCode.Aborted },
        _ => Invalid(failure),
    };

    private static DaprError Invalid(DaprError failure) => failure with { HttpStatus = 400, GrpcCode = StatusCode.InvalidArgument };

    private static DaprError SaveFailure(string message) => new("ERR_STATE_SAVE", 500, StatusCode.Internal, message) { HasGrpcReason = true };
}
