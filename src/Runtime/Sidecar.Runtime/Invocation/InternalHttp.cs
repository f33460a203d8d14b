using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>
/// The callee's end of a call from another process, at the internal port. The caller's sidecar has cleaned the path and set
/// the headers; here they only pass. See <see cref="RemotePeer"/> for the wire.
/// </summary>
internal static class InternalHttp
{
    public static RequestDelegate Handler(IServiceProvider services)
    {
        var options = services.GetRequiredService<SidecarOptions>();
        var app = services.GetRequiredService<IAppChannel>();
        var logger = services.GetRequiredService<ILogger<InvocationEngine>>();
        var proxy = services.GetRequiredService<GrpcProxy>();
        return context => GrpcRequest.IsGrpc(context.Request) ? proxy.ReceiveAsync(context) : HandleAsync(context, options, app, logger);
    }

    private static async Task HandleAsync(HttpContext context, SidecarOptions options, IAppChannel app, ILogger logger)
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

        try
        {
            var body = await ForwardedBody.ReadAsync(context, keepAll: false, context.RequestAborted).ConfigureAwait(false);
            var uri = new Uri($"/{target.Method}{target.Query}", UriKind.Relative);
            using var request = InvocationWire.Read(context.Request.Headers, uri, options.Time) ?? new HttpRequestMessage(HttpMethod.Parse(context.Request.Method), uri);
            request.Content = body.ToContent();
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

    private static void Refuse(HttpContext context, string reason)
    {
        context.Response.Clear();
        context.Response.StatusCode = StatusCodes.Status502BadGateway;
        context.Response.Headers[RemotePeer.ReplyHeader] = Uri.EscapeDataString(reason);
    }
}
