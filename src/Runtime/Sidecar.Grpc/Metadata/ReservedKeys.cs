using System.Collections.Frozen;

namespace Sidecar.Grpc;

/// <summary>Headers that gRPC or HTTP/2 write themselves. Other <c>grpc-</c> keys, as <c>grpc-trace-bin</c>, travel as metadata.</summary>
internal static class ReservedKeys
{
    private static readonly FrozenSet<string> All = FrozenSet.Create(
        StringComparer.Ordinal,
        GrpcHeaders.Status,
        GrpcHeaders.Message,
        GrpcHeaders.Details,
        GrpcHeaders.Timeout,
        GrpcHeaders.Encoding,
        GrpcHeaders.AcceptEncoding,
        "content-type",
        "content-length",
        "content-encoding",
        "te",
        "trailer",
        "host",
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade");

    public static bool Contains(string key) => All.Contains(key);
}
