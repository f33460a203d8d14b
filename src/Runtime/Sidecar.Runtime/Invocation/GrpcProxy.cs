using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>
/// gRPC calls of services that are not the sidecar's own: they are an app's, named by metadata, and pass as they are (contract 3.4,
/// "Proxy mode").
/// </summary>
internal sealed class GrpcProxy(SidecarOptions options, InvocationEngine engine, GrpcAppChannel app, AccessControl access, ILoggerFactory loggers)
{
    private static readonly string[] Own = ["/dapr.proto.runtime.v1.", "/grpc.reflection.", "/TaskHubSidecarService/"];

    private static readonly GrpcStatus NoTarget =
        new(StatusCode.Unknown, $"failed to proxy request: required metadata {HeaderRules.CalleeAppId} or {InvocationTarget.AppIdHeader} not found");

    private static readonly GrpcStatus NoMethod = new(StatusCode.Unimplemented, "the path names no method of an app");

    private readonly GrpcForwarder _forwarder = new(options.Time, loggers);
    private readonly AppTarget _app = new(app);

    /// <summary>Calls that have begun and not ended, at either end.</summary>
    public int CallsUnderWay => _forwarder.CallsUnderWay;

    /// <summary>At the gRPC API: takes what is not the sidecar's own.</summary>
    public Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!GrpcRequest.IsGrpc(request))
            return next(context);
        if (!IsPlain(context))
            return GrpcFallback.AnswerAsync(context, NoMethod);
        if (IsOwn(request.Path.Value))
            return next(context);
        return TargetOf(request.Headers) is { Length: > 0 } appId
            ? _forwarder.ForwardAsync(context, new Target(engine, appId))
            : GrpcFallback.AnswerAsync(context, NoTarget);
    }

    /// <summary>At the internal port: the callee's end of a call from another process.</summary>
    public Task ReceiveAsync(HttpContext context)
    {
        if (!context.Request.Headers[HeaderRules.CalleeAppId].ToString().Equals(options.AppId, StringComparison.Ordinal))
            return GrpcFallback.AnswerAsync(context, new GrpcStatus(StatusCode.Unavailable, $"this is the sidecar of {options.AppId}"));
        if (!IsPlain(context) || IsOwn(context.Request.Path.Value))
            return GrpcFallback.AnswerAsync(context, NoMethod);
        var caller = access.CallerOf(context);
        if (!access.IsOpen && access.Refusal(caller, context.Request.Path.ToUriComponent(), context.Request.Method) is { } denied)
            return GrpcFallback.AnswerAsync(context, InvocationErrors.Denied(options.AppId, denied).ToGrpc());
        HeaderRules.Identify(context.Request.Headers, caller);
        return _forwarder.ForwardAsync(context, _app);
    }

    private static string? TargetOf(IHeaderDictionary headers) =>
        headers[HeaderRules.CalleeAppId] is [{ Length: > 0 } callee, ..] ? callee : headers[InvocationTarget.AppIdHeader] is [{ } named, ..] ? named : null;

    // gRPC's paths have no escapes, dots or queries, and one that has would be read differently here and at the app.
    private static bool IsPlain(HttpContext context) =>
        context.Request.Path.Value is { } path && !path.Contains('%', StringComparison.Ordinal)
        && path.Equals(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, StringComparison.Ordinal);

    // Whatever the case: there are apps that do not mind it.
    private static bool IsOwn(string? path)
    {
        foreach (var prefix in Own)
        {
            if (path?.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) != false)
                return true;
        }

        return false;
    }

    private sealed class Target(InvocationEngine engine, string appId) : IForwardTarget
    {
        public ValueTask<ForwardReply> SendAsync(ForwardedCall call, CancellationToken cancellationToken)
        {
            var trace = TraceContext.Continue(call.Headers[TraceContext.ParentHeader], call.Headers[TraceContext.StateHeader]);
            return engine.ForwardAsync(new ProxiedCall(appId, call, trace), cancellationToken);
        }
    }

    /// <summary>The app of this sidecar, for calls whose headers its caller's sidecar has set.</summary>
    private sealed class AppTarget(GrpcAppChannel app) : IForwardTarget
    {
        public async ValueTask<ForwardReply> SendAsync(ForwardedCall call, CancellationToken cancellationToken) =>
            new(await app.ForwardAsync(call.ToRequest(), cancellationToken).ConfigureAwait(false), null);
    }
}
