using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Security;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>
/// The callee's end of a call from another process, at the internal port. The caller's sidecar has set the headers; here they only pass,
/// but for who calls, which a certificate says if there is one. See <see cref="RemotePeer"/> for the wire.
/// </summary>
internal static class InternalHttp
{
    public static RequestDelegate Handler(IServiceProvider services)
    {
        var options = services.GetRequiredService<SidecarOptions>();
        var app = services.GetRequiredService<IAppChannel>();
        var access = services.GetRequiredService<AccessControl>();
        var logger = services.GetRequiredService<ILogger<InvocationEngine>>();
        var proxy = services.GetRequiredService<GrpcProxy>();
        return context => GrpcRequest.IsGrpc(context.Request) ? proxy.ReceiveAsync(context) : HandleAsync(context, options, app, access, logger);
    }

    private static async Task HandleAsync(HttpContext context, SidecarOptions options, IAppChannel app, AccessControl access, ILogger logger)
    {
        if (InvocationTarget.FromUrl(context) is not { } target || !target.AppId.Equals(options.AppId, StringComparison.Ordinal))
        {
            Refuse(context, $"this is the sidecar of {options.AppId}");
            return;
        }

        if (!app.HasApp)
        {
            Refuse(context, $"{options.AppId} has no app (its sidecar was started without --app-port)");
            return;
        }

        // Cleaned once more: whoever has found this port may not have cleaned it, and the rule must see what the app will.
        if (!MethodPath.TryClean(target.Method, out var method))
        {
            Refuse(context, "invalid method name");
            return;
        }

        var uri = new Uri($"/{method}{target.Query}", UriKind.Relative);
        using var request = InvocationWire.Read(context.Request.Headers, uri, options.Time) ?? new HttpRequestMessage(HttpMethod.Parse(context.Request.Method), uri);
        var caller = access.CallerOf(context);
        if (!access.IsOpen && access.Refusal(caller, uri.OriginalString, GrpcInvocation.VerbOf(request)) is { } denied)
        {
            Refuse(context, denied, StatusCodes.Status403Forbidden);
            return;
        }

        try
        {
            var body = await ForwardedBody.ReadAsync(context, keepAll: false, context.RequestAborted).ConfigureAwait(false);
            request.Content = body.ToContent();
            HeaderRules.Identify(context.Request.Headers, caller);
            HeaderRules.PassRequest(context.Request.Headers, request);
            using var span = SidecarSpans.StartCall(options, request);
            using var response = await app.SendAsync(request, context.RequestAborted).ConfigureAwait(false);
            span?.SetStatus((int)response.StatusCode);
            response.Headers.Remove(RemotePeer.ReplyHeader);
            response.Headers.Remove(InvocationWire.Status);
            if (response is GrpcAppReply reply)
                InvocationWire.Put(reply);
            context.Response.Headers[RemotePeer.ReplyHeader] = "";
            await Reply.CopyAsync(response, context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            logger.CallerGone(target.AppId);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or BadHttpRequestException)
        {
            if (context.Response.HasStarted)
            {
                logger.ReplyBroken(target.AppId, failure.Message);
                context.Abort();
                return;
            }

            Refuse(context, failure.Message);
        }
    }

    private static void Refuse(HttpContext context, string reason, int status = StatusCodes.Status502BadGateway)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Response.Headers[RemotePeer.ReplyHeader] = Uri.EscapeDataString(reason);
    }
}
