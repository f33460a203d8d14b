using Google.Protobuf;
using Microsoft.AspNetCore.Routing;
using Sidecar.Components.Bindings;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.Bindings;

/// <summary>Output bindings over gRPC (contract section 3.4): the data are bytes, and pass as they are.</summary>
internal static class BindingsGrpc
{
    private const string ReplyPrefix = "metadata.";
    private const string OfGrpc = "grpc-";
    private const string Renamed = "dapr-";

    public static void Map(IEndpointRouteBuilder routes, BindingsEngine engine) => routes.MapUnary<Wire.InvokeBindingRequest, Wire.InvokeBindingResponse>(
        DaprService.Method("InvokeBinding"), (request, call) => InvokeAsync(request, call, engine));

    private static async Task<Wire.InvokeBindingResponse> InvokeAsync(Wire.InvokeBindingRequest request, ServerCall call, BindingsEngine engine)
    {
        if (!TraceContext.IsWellFormedBaggage(call.HttpContext.Request.Headers[TraceContext.BaggageHeader].ToString()))
            return call.Fail<Wire.InvokeBindingResponse>(CommonErrors.InvalidBaggage);
        var outcome = await engine.InvokeAsync(
            request.Name, new BindingRequest(request.Operation, request.Data.Memory, MetadataOf(request, call)), call.CancellationToken).ConfigureAwait(false);
        Tell(outcome.Reply, call);
        if (outcome.Error is { } error)
            return call.Fail<Wire.InvokeBindingResponse>(error);
        var response = new Wire.InvokeBindingResponse();
        if (outcome.Reply is not { } reply)
            return response;
        response.Data = UnsafeByteOperations.UnsafeWrap(reply.Data);
        foreach (var (name, value) in reply.Metadata)
            response.Metadata[name] = value;
        return response;
    }

    /// <summary>What the caller sent beside its message comes under what the message says, but for the trace, which is the call's.</summary>
    private static Dictionary<string, string> MetadataOf(Wire.InvokeBindingRequest request, ServerCall call)
    {
        var metadata = new Dictionary<string, string>();
        foreach (var entry in call.RequestMetadata)
        {
            if (entry.Value is { } value && entry.Key != Security.ApiTokenCheck.Header)
                metadata[entry.Key.StartsWith(OfGrpc, StringComparison.Ordinal) ? Renamed + entry.Key : entry.Key] = value;
        }

        foreach (var (name, value) in request.Metadata)
            metadata[name] = value;
        var headers = call.HttpContext.Request.Headers;
        var trace = TraceContext.Continue(headers.TraceParent, headers.TraceState);
        metadata[TraceContext.ParentHeader] = trace.TraceParent;
        if (trace.TraceState.Length > 0)
            metadata[TraceContext.StateHeader] = trace.TraceState;
        return metadata;
    }

    // Also with an error. What gRPC cannot carry as a header is in the message alone.
    private static void Tell(BindingReply? reply, ServerCall call)
    {
        foreach (var (name, value) in reply?.Metadata ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty)
        {
            if (name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.') && !name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase) && !value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                call.ResponseHeaders.Add(ReplyPrefix + name.ToLowerInvariant(), value);
        }
    }
}
