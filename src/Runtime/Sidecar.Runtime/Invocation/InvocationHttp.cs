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
        var engine = routes.ServiceProvider.GetRequiredService<InvocationEngine>();
        var logger = routes.ServiceProvider.GetRequiredService<ILogger<InvocationEngine>>();
        routes.Map("/v1.0/invoke/{**target}", context => InvokeAsync(context, engine, logger));
        routes.MapFallback("{**path}", context => InvokeAsync(context, engine, logger));
    }

    private static async Task InvokeAsync(HttpContext context, InvocationEngine engine, ILogger logger)
    {
        var baggage = context.Request.Headers[TraceContext.BaggageHeader].ToString();
        if (Check(context, baggage, out var target) is { } refused)
        {
            await context.WriteErrorAsync(refused).ConfigureAwait(false);
            return;
        }

        try
        {
            var outcome = await engine.InvokeAsync(await ToCallAsync(context, target, engine).ConfigureAwait(false), context.RequestAborted).ConfigureAwait(false);
            if (outcome.Error is { } error)
            {
                await context.WriteErrorAsync(error).ConfigureAwait(false);
                return;
            }

            using var response = outcome.Response!;
            if (baggage.Length > 0 && !response.Headers.NonValidated.Contains(TraceContext.BaggageHeader))
                response.Headers.TryAddWithoutValidation(TraceContext.BaggageHeader, baggage);
            await Reply.CopyAsync(response, context).ConfigureAwait(false);
        }
        catch (Exception gone) when (context.RequestAborted.IsCancellationRequested && gone is (OperationCanceledException or IOException or HttpRequestException))
        {
            logger.CallerGone(target.AppId);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            // Once headers are out, this breaks the reply off, so that nobody takes it for complete.
            logger.ReplyBroken(target.AppId, broken.Message);
            await context.WriteErrorAsync(InvocationErrors.Failed(target.AppId, broken.Message)).ConfigureAwait(false);
        }
    }

    /// <summary>Finds out who is called, with the method cleaned; or says what is wrong with the request.</summary>
    private static DaprError? Check(HttpContext context, string baggage, out InvocationTarget target)
    {
        target = default;
        if (HttpMethods.IsConnect(context.Request.Method) || InvocationTarget.From(context) is not { } named)
            return InvocationErrors.NoTarget;
        if (!MethodPath.TryClean(named.Method, out var method))
            return InvocationErrors.Failed(named.AppId, "invalid method name");
        if (named.Query.AsSpan().ContainsAnyInRange('\0', ' ') || named.Query.Contains('\u007f', StringComparison.Ordinal))
            return InvocationErrors.Failed(named.AppId, "invalid query string");

        target = named with { Method = method };
        return TraceContext.IsWellFormedBaggage(baggage) ? null : CommonErrors.InvalidBaggage;
    }

    private static async ValueTask<InvocationCall> ToCallAsync(HttpContext context, InvocationTarget target, InvocationEngine engine)
    {
        var request = context.Request;
        return new InvocationCall(
            target.AppId,
            HttpMethod.Parse(request.Method),
            target.Method,
            target.Query,
            request.Headers,
            await ForwardedBody.ReadAsync(context, engine.Retries(target.AppId), context.RequestAborted).ConfigureAwait(false),
            TraceContext.Continue(request.Headers[TraceContext.ParentHeader], request.Headers[TraceContext.StateHeader]),
            context.Connection.RemoteIpAddress?.ToString() ?? "",
            request.Host.Value ?? "");
    }
}
