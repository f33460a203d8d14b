using Microsoft.AspNetCore.Http;
using Sidecar.Components;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Security;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>Who calls, as the callee is told.</summary>
/// <param name="Certified">By the caller's certificate; null = it has none.</param>
internal readonly record struct CallerIdentity(string AppId, string Namespace, PeerIdentity? Certified);

/// <summary>A call to a sidecar, ready to be sent as often as its body allows.</summary>
internal interface IOutgoingCall
{
    /// <summary>As the caller said it.</summary>
    string AppId { get; }

    /// <summary>Nothing of its body is gone: a peer that was not reached can be tried again.</summary>
    bool CanBeSent { get; }

    /// <param name="peer">A sidecar of the callee.</param>
    /// <param name="calleeId">Without its namespace.</param>
    /// <param name="caller">This sidecar.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <inheritdoc cref="IPeer.InvokeAsync"/>
    Task<HttpResponseMessage> SendAsync(ISidecarPeer peer, string calleeId, CallerIdentity caller, CancellationToken cancellationToken);
}

/// <summary>An invocation.</summary>
/// <param name="Method">Cleaned and escaped, without a leading slash.</param>
/// <param name="RemoteAddress">The caller's address, for the Forwarded headers.</param>
/// <param name="Host">The caller's Host header.</param>
internal sealed record InvocationCall(
    string AppId, HttpMethod Verb, string Method, string Query, IHeaderDictionary Headers, ForwardedBody Body, TraceContext Trace, string RemoteAddress, string Host) : IOutgoingCall
{
    /// <summary>What the caller said by gRPC; null: it is one by HTTP.</summary>
    public GrpcOrigin? Grpc { get; init; }

    public bool CanBeSent => Body.IsKept;

    public Task<HttpResponseMessage> SendAsync(ISidecarPeer peer, string calleeId, CallerIdentity caller, CancellationToken cancellationToken)
    {
        var request = ToPlainRequest();
        request.Headers.TryAddWithoutValidation(HeaderRules.CallerAppId, caller.AppId);
        request.Headers.TryAddWithoutValidation(HeaderRules.CalleeAppId, calleeId);
        request.Headers.TryAddWithoutValidation(HeaderRules.CallerNamespace, caller.Namespace);
        // Over a socket file there is no address.
        if (RemoteAddress.Length > 0 && !calleeId.Equals(caller.AppId, StringComparison.Ordinal))
        {
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", RemoteAddress);
            request.Headers.TryAddWithoutValidation("X-Forwarded-Host", Host);
            request.Headers.TryAddWithoutValidation("Forwarded", $"for={RemoteAddress};by={RemoteAddress};host={Host}");
        }

        if (caller.Certified is { } certified)
            request.Options.Set(LocalPeer.Caller, certified);
        return peer.InvokeAsync(request, cancellationToken);
    }

    /// <summary>Without the names of sidecars.</summary>
    public HttpRequestMessage ToPlainRequest()
    {
        var target = new Uri($"/{Method}{Query}", UriKind.Relative);
        var request = Grpc is { } grpc ? new GrpcInvocation(grpc.Verb, target) { TypeUrl = grpc.TypeUrl, Deadline = grpc.Deadline } : new HttpRequestMessage(Verb, target);
        request.Content = Body.ToContent();
        if (Grpc is null)
            HeaderRules.BeginRequest(Headers, request);
        else
            HeaderRules.BeginGrpcRequest(Headers, Grpc.ContentType, request);
        request.Headers.TryAddWithoutValidation(TraceContext.ParentHeader, Trace.TraceParent);
        if (Trace.TraceState.Length > 0)
            request.Headers.TryAddWithoutValidation(TraceContext.StateHeader, Trace.TraceState);
        return request;
    }
}

/// <summary>What an invocation by gRPC says and one by HTTP cannot.</summary>
/// <param name="TypeUrl">Of the data; empty = none.</param>
/// <param name="ContentType">Of the data; that of the request is gRPC's.</param>
internal sealed record GrpcOrigin(HTTPExtension.Types.Verb Verb, string TypeUrl, string ContentType, DateTimeOffset? Deadline);

/// <summary>A gRPC call that is handed on as it is.</summary>
internal sealed class ProxiedCall(string appId, ForwardedCall call, TraceContext trace) : IOutgoingCall
{
    public string AppId => appId;

    public ForwardedCall Forwarded => call;

    /// <summary>The caller says that it is one whose messages may take their time: to policies it is over when it has begun (contract 3.3).</summary>
    public bool IsStream { get; } = GoText.IsTruthy(call.Headers["dapr-stream"]);

    public bool CanBeSent => call.CanBeSent;

    public Task<HttpResponseMessage> SendAsync(ISidecarPeer peer, string calleeId, CallerIdentity caller, CancellationToken cancellationToken)
    {
        var request = call.ToRequest();
        Set(request, HeaderRules.CallerAppId, caller.AppId);
        Set(request, HeaderRules.CalleeAppId, calleeId);
        Set(request, HeaderRules.CallerNamespace, caller.Namespace);
        Set(request, TraceContext.ParentHeader, trace.TraceParent);
        Set(request, BinaryTrace.Key, BinaryTrace.HeaderOf(trace.TraceParent));
        request.Headers.Remove(Security.ApiTokenCheck.Header);
        if (caller.Certified is { } certified)
            request.Options.Set(LocalPeer.Caller, certified);
        return peer.ForwardAsync(request, cancellationToken);
    }

    private static void Set(HttpRequestMessage request, string name, string value)
    {
        request.Headers.Remove(name);
        request.Headers.TryAddWithoutValidation(name, value);
    }
}
