using Sidecar.Grpc;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.Secrets;

/// <summary>The failures of the secrets API (contract section 2.2).</summary>
internal static class SecretsErrors
{
    public static DaprError NotConfigured() =>
        new("ERR_SECRET_STORES_NOT_CONFIGURED", 500, StatusCode.FailedPrecondition, "secret store is not configured");

    /// <summary>401, although nothing about the caller is in doubt: so it is in Dapr.</summary>
    public static DaprError NotFound(string store) =>
        new("ERR_SECRET_STORE_NOT_FOUND", 401, StatusCode.InvalidArgument, $"failed finding secret store with key {store}");

    public static DaprError PermissionDenied(string store, string key) =>
        new("ERR_PERMISSION_DENIED", 403, StatusCode.PermissionDenied, $"access denied by policy to get \"{key}\" from \"{store}\"");

    public static DaprError Get(string store, string key, string reason) =>
        new("ERR_SECRET_GET", 500, StatusCode.Internal, $"failed getting secret with key {key} from secret store {store}: {reason}");

    public static DaprError GetAll(string store, string reason) =>
        new("ERR_SECRET_GET", 500, StatusCode.Internal, $"failed getting secrets from secret store {store}: {reason}");

    public static DaprError MalformedBody(string reason) => CommonErrors.Malformed($"failed deserializing HTTP body: {reason}");
}
