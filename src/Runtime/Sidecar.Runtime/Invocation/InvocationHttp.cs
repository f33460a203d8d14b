using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>Service invocation over HTTP (contract 2.4). Every path that no other route takes ends here too.</summary>
internal static class InvocationHttp
{
    public static void MapRoutes(IEndpointRouteBuilder routes)
    {
        routes.Map("/v1.0/invoke/{**target}", InvokeAsync);
        routes.MapFallback("{**path}", InvokeAsync);
    }

    private static async Task InvokeAsync(HttpContext context)
    {
        var engine = context.RequestServices.GetRequiredService<InvocationEngine>();
        var logger = context.RequestServices.GetRequiredService<ILogger<InvocationEngine>>();
        if (InvocationTarget.From(context) is not { } target)
        {
            await context.WriteErrorAsync(InvocationErrors.NoTarget).ConfigureAwait(false);
            return;
        }

        if (!MethodPath.TryClean(target.Method, out var method))
        {
            await context.WriteErrorAsync(InvocationErrors.Failed(target.AppId, "invalid method name")).ConfigureAwait(false);
            return;
        }

        var baggage = context.Request.Headers[TraceContext.BaggageHeader].ToString();
        if (!TraceContext.IsWellFormedBaggage(baggage))
        {
            await context.WriteErrorAsync(InvocationErrors.InvalidBaggage).ConfigureAwait(false);
            return;
        }

        try
        {
            var outcome = await engine.InvokeAsync(await ToCallAsync(context, target, method).ConfigureAwait(false), context.RequestAborted).ConfigureAwait(false);
            if (outcome.Error is { } error)
            {
                await context.WriteErrorAsync(error).ConfigureAwait(false);
                return;
            }

            using var response = outcome.Response!;
            if (baggage.Length > 0)
                context.Response.Headers[TraceContext.BaggageHeader] = baggage;
            await Reply.CopyAsync(response, context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            logger.CallerGone(target.AppId);
        }
        catch (BadHttpRequestException unreadable)
        {
            await context.WriteErrorAsync(InvocationErrors.Failed(target.AppId, unreadable.Message)).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            // Headers are out: all that is left is to break the reply off, so that nobody takes it for complete.
            logger.ReplyBroken(target.AppId, broken.Message);
            context.Abort();
        }
    }

    private static async ValueTask<InvocationCall> ToCallAsync(HttpContext context, InvocationTarget target, string method)
    {
        var request = context.Request;
        return new InvocationCall(
            target.AppId,
            HttpMethod.Parse(request.Method),
            method,
            target.Query,
            request.Headers,
            await ForwardedBody.ReadAsync(context, context.RequestAborted).ConfigureAwait(false),
            TraceContext.Continue(request.Headers[TraceContext.ParentHeader], request.Headers[TraceContext.StateHeader]),
            context.Connection.RemoteIpAddress?.ToString() ?? "",
            request.Host.Value ?? "");
    }
}
