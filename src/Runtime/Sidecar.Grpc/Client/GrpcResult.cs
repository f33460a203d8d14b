using System.Diagnostics.CodeAnalysis;

namespace Sidecar.Grpc;

/// <summary>How a unary call ended, as a value.</summary>
public readonly struct GrpcResult<TResponse>
{
    private readonly ClientCall _call;

    internal GrpcResult(GrpcStatus status, TResponse? message, ClientCall call) => (Status, Message, _call) = (status, message, call);

    public GrpcStatus Status { get; }

    [MemberNotNullWhen(true, nameof(Message))]
    public bool IsOK => Status.IsOK;

    /// <summary>The response; nothing unless <see cref="IsOK"/>.</summary>
    public TResponse? Message { get; }

    /// <summary>Response headers; empty if none came.</summary>
    public Metadata Headers => _call.Headers;

    /// <summary>Trailers; empty if none came.</summary>
    public Metadata Trailers => _call.Trailers;

    /// <summary>The response.</summary>
    /// <exception cref="GrpcException">The call failed.</exception>
    public TResponse GetMessage() => IsOK ? Message : throw new GrpcException(Status, Trailers);
}
