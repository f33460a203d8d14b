using Sidecar.Grpc;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.Bindings;

/// <summary>The failures of the bindings API (contract section 2.2).</summary>
internal static class BindingsErrors
{
    public const string OperationMissing = "operation field is missing from request";

    private const string InvokeCode = "ERR_INVOKE_OUTPUT_BINDING";

    public static DaprError MalformedBody(string reason) => CommonErrors.Malformed($"failed deserializing HTTP body: {reason}");

    /// <summary>The body is JSON, and its data cannot be written as JSON again.</summary>
    public static DaprError MalformedData(string reason) =>
        new("ERR_MALFORMED_REQUEST_DATA", 500, StatusCode.Internal, $"can't serialize request data field: {reason}");

    public static DaprError Invoke(string binding, string reason) =>
        new(InvokeCode, 500, StatusCode.Internal, $"error invoking output binding {binding}: {reason}") { HasGrpcReason = true };

    public static DaprError NotFound(string binding) => Invoke(binding, $"couldn't find output binding {binding}");

    public static DaprError UnknownOperation(string binding, string operation, IReadOnlyList<string> supported) =>
        Invoke(binding, $"binding {binding} does not support operation {operation}. supported operations:{string.Join(' ', supported)}");
}
