using System.Globalization;
using System.Net;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>InvokeService (contract 3.4): a call of an app by gRPC, whichever protocol the app speaks.</summary>
internal static class InvocationGrpc
{
    private const string StatusKey = "dapr-http-status";
    private const string ProtobufType = "application/x-protobuf";

    /// <summary>Of the body of an app's failure, in the error's details (contract 2.2).</summary>
    private const int MessageBytes = 63;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var engine = routes.ServiceProvider.GetRequiredService<InvocationEngine>();
        var options = routes.ServiceProvider.GetRequiredService<SidecarOptions>();
        routes.MapUnary<InvokeServiceRequest, InvokeResponse>(DaprService.Method("InvokeService"), (request, call) => InvokeAsync(request, call, engine, options.MaxMessageSize));
    }

    private static async Task<InvokeResponse> InvokeAsync(InvokeServiceRequest request, ServerCall call, InvocationEngine engine, int limit)
    {
        var headers = call.HttpContext.Request.Headers;
        var baggage = headers[TraceContext.BaggageHeader].ToString();
        if (Check(request, baggage, out var method) is { } refused)
            return call.Fail<InvokeResponse>(refused.ToGrpc());

        try
        {
            var outcome = await engine.InvokeAsync(ToCall(request, method, call), call.CancellationToken).ConfigureAwait(false);
            if (outcome.Error is { } error)
                return call.Fail<InvokeResponse>(error.ToGrpc());
            using var response = outcome.Response!;
            if (baggage.Length > 0 && !response.Headers.NonValidated.Contains(TraceContext.BaggageHeader))
                MetadataRules.TryAdd(call.ResponseHeaders, TraceContext.BaggageHeader, baggage);
            return response is GrpcAppReply reply
                ? await PassAsync(reply, call).ConfigureAwait(false)
                : await TranslateAsync(response, call, limit).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            call.CancellationToken.ThrowIfCancellationRequested();
            return call.Fail<InvokeResponse>(InvocationErrors.Failed(request.Id, broken.Message).ToGrpc());
        }
    }

    private static DaprError? Check(InvokeServiceRequest request, string baggage, out string method)
    {
        method = "";
        if (request.Id.Length == 0)
            return InvocationErrors.NoTarget;
        if (request.Message is not { } message)
            return InvocationErrors.NoMessage;
        if (!MethodPath.TryClean(message.Method, out method))
            return InvocationErrors.Failed(request.Id, "invalid method name");
        if (message.HttpExtension?.Querystring is { } query && (query.AsSpan().ContainsAnyInRange('\0', ' ') || query.Contains('\u007f', StringComparison.Ordinal)))
            return InvocationErrors.Failed(request.Id, "invalid query string");
        return TraceContext.IsWellFormedBaggage(baggage) ? null : CommonErrors.InvalidBaggage;
    }

    private static InvocationCall ToCall(InvokeServiceRequest request, string method, ServerCall call)
    {
        var message = request.Message;
        var context = call.HttpContext;
        var contentType = message.ContentType.Length == 0 && message.Data?.TypeUrl.Length > 0 ? ProtobufType : message.ContentType;
        var data = message.Data?.Value.Memory ?? default;
        return new InvocationCall(
            request.Id,
            HttpMethod.Post,
            method,
            message.HttpExtension?.Querystring is { Length: > 0 } query ? $"?{query}" : "",
            context.Request.Headers,
            data.IsEmpty && contentType.Length == 0 ? ForwardedBody.None : ForwardedBody.Of(data),
            TraceContext.Continue(context.Request.Headers[TraceContext.ParentHeader], context.Request.Headers[TraceContext.StateHeader]),
            context.Connection.RemoteIpAddress?.ToString() ?? "",
            context.Request.Host.Value ?? "")
        {
            Grpc = new GrpcOrigin(message.HttpExtension?.Verb ?? HTTPExtension.Types.Verb.None, message.Data?.TypeUrl ?? "", contentType, call.Deadline),
        };
    }

    /// <summary>What an app that speaks gRPC answered, as it is.</summary>
    private static async ValueTask<InvokeResponse> PassAsync(GrpcAppReply reply, ServerCall call)
    {
        foreach (var entry in reply.Metadata)
            call.ResponseHeaders.Add(entry);
        foreach (var entry in reply.Trailers)
            call.ResponseTrailers.Add(entry);
        if (!reply.Status.IsOK)
            return await FailAsync(call, reply.Status).ConfigureAwait(false);
        return ToMessage(await reply.Content.ReadAsByteArrayAsync(call.CancellationToken).ConfigureAwait(false), reply, reply.TypeUrl);
    }

    /// <summary>What an app that speaks HTTP answered: its status as a gRPC code, its headers as metadata (contract 2.2 and 3.3).</summary>
    private static async ValueTask<InvokeResponse> TranslateAsync(HttpResponseMessage response, ServerCall call, int limit)
    {
        MetadataRules.AddResponse(call.ResponseHeaders, response.Headers, HeaderRules.IsAnswered);
        MetadataRules.AddResponse(call.ResponseHeaders, response.Content.Headers, HeaderRules.IsAnswered);
        call.ResponseHeaders.Add(StatusKey, ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture));
        try
        {
            await response.Content.LoadIntoBufferAsync(limit, call.CancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException large) when (large.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return await FailAsync(call, TooLarge(limit)).ConfigureAwait(false);
        }

        var body = await response.Content.ReadAsByteArrayAsync(call.CancellationToken).ConfigureAwait(false);
        return StatusTables.ToGrpc((int)response.StatusCode) is StatusCode.OK
            ? ToMessage(body, response, "")
            : await FailAsync(call, StatusOf(response.StatusCode, body)).ConfigureAwait(false);
    }

    private static InvokeResponse ToMessage(byte[] data, HttpResponseMessage response, string typeUrl) => new()
    {
        Data = new Any { TypeUrl = typeUrl, Value = UnsafeByteOperations.UnsafeWrap(data) },
        ContentType = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : "",
    };

    // Headers of a call that fails are headers all the same: clients look for them there.
    private static async ValueTask<InvokeResponse> FailAsync(ServerCall call, GrpcStatus status)
    {
        if (call.ResponseHeaders.Count > 0)
            await call.WriteHeadersAsync().ConfigureAwait(false);
        return call.Fail<InvokeResponse>(status);
    }

    private static GrpcStatus StatusOf(HttpStatusCode status, byte[] body)
    {
        var phrase = ReasonPhrases.GetReasonPhrase((int)status);
        var info = new ErrorInfo { Reason = phrase, Domain = "dapr.io" };
        info.Metadata["http.code"] = ((int)status).ToString(CultureInfo.InvariantCulture);
        // A character that is cut through counts as none.
        info.Metadata["http.error_message"] = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, MessageBytes))).TrimEnd('\uFFFD');
        return new GrpcStatus(StatusTables.ToGrpc((int)status), phrase, info);
    }

    private static GrpcStatus TooLarge(int limit) => new(StatusCode.ResourceExhausted, $"the app's response is larger than the limit of {limit} bytes (--max-body-size)");
}
