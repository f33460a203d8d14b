using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Errors;
using GrpcMetadata = Sidecar.Grpc.Metadata;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// An invocation that a caller made by gRPC: in the form of HTTP, as every invocation travels, with what HTTP has no place for.
/// Its headers are the caller's metadata. Which protocol the app speaks is known only where it is called.
/// </summary>
internal sealed class GrpcInvocation : HttpRequestMessage
{
    public GrpcInvocation(HTTPExtension.Types.Verb verb, Uri target)
        : base(HttpMethodOf(verb), target) => Verb = verb;

    public HTTPExtension.Types.Verb Verb { get; }

    /// <summary>Of the data; empty = none.</summary>
    public string TypeUrl { get; init; } = "";

    /// <summary>When the caller gives up.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Why an app that speaks HTTP cannot be called with it; null: it can (contract 3.4).</summary>
    public GrpcStatus? RefusalByHttp => Verb is HTTPExtension.Types.Verb.None or HTTPExtension.Types.Verb.Connect || !Enum.IsDefined(Verb)
        ? new GrpcStatus(StatusCode.InvalidArgument, $"invalid HTTP verb {Verb}: the app speaks HTTP")
        : null;

    /// <summary>In upper case, as access rules name it: <c>GET</c>, or <c>NONE</c>.</summary>
    public static string VerbOf(HttpRequestMessage request) => request is GrpcInvocation invocation ? invocation.Verb.ToString().ToUpperInvariant() : request.Method.Method;

    // A verb that is none is for apps that speak gRPC, to whom the method of the request says nothing.
    private static HttpMethod HttpMethodOf(HTTPExtension.Types.Verb verb) => verb switch
    {
        HTTPExtension.Types.Verb.Get => HttpMethod.Get,
        HTTPExtension.Types.Verb.Head => HttpMethod.Head,
        HTTPExtension.Types.Verb.Put => HttpMethod.Put,
        HTTPExtension.Types.Verb.Delete => HttpMethod.Delete,
        HTTPExtension.Types.Verb.Options => HttpMethod.Options,
        HTTPExtension.Types.Verb.Trace => HttpMethod.Trace,
        HTTPExtension.Types.Verb.Patch => HttpMethod.Patch,
        _ => HttpMethod.Post,
    };
}

/// <summary>The answer to a <see cref="GrpcInvocation"/> that has a gRPC status. Its content is the data of the response.</summary>
internal sealed class GrpcAppReply(GrpcStatus status) : HttpResponseMessage(StatusTables.ToHttp(status.Code))
{
    public GrpcStatus Status { get; } = status;

    /// <summary>Of the data; empty = none.</summary>
    public string TypeUrl { get; init; } = "";

    /// <summary>What the app sent before its message.</summary>
    public GrpcMetadata Metadata { get; init; } = [];

    /// <summary>What it sent with its status.</summary>
    public GrpcMetadata Trailers { get; init; } = [];
}
