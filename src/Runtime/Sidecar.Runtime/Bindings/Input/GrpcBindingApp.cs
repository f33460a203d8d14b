using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Sidecar.Components.Bindings;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>
/// An app that speaks gRPC (contract sections 2.11 and 3.4): ListInputBindings names what it takes; an event is a call of
/// OnBindingEvent, whose answer may name output bindings to be invoked with its data.
/// </summary>
internal sealed class GrpcBindingApp(GrpcAppChannel app, BindingsEngine outputs, SidecarOptions options, ILogger<GrpcBindingApp> logger) : IBindingApp
{
    private const string Operation = "create";

    public async Task<bool> TakesAsync(InputTarget target, CancellationToken cancellationToken)
    {
        var result = await app.CallAsync(AppCallback.ListInputBindings, new Empty(), new CallOptions { Timeout = options.AppBindingTimeout }, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return result.Status.Code switch
        {
            StatusCode.OK => result.Message!.Bindings.Contains(target.Binding),
            StatusCode.Unimplemented => false,
            StatusCode.DeadlineExceeded => throw new TimeoutException($"no answer to ListInputBindings within {options.AppBindingTimeout.TotalSeconds:0.###} s"),
            _ => throw new HttpRequestException($"ListInputBindings failed: {result.Status}"),
        };
    }

    public async ValueTask<EventAnswer> DeliverAsync(InputTarget target, BindingEvent bindingEvent, CancellationToken cancellationToken)
    {
        var (traceParent, traceState) = (bindingEvent.Metadata.GetValueOrDefault(TraceContext.ParentHeader), bindingEvent.Metadata.GetValueOrDefault(TraceContext.StateHeader));
        using var span = SidecarSpans.StartBindingEvent(options, target.Binding, traceParent, traceState);
        var trace = TraceContext.Continue(traceParent, traceState);
        var request = new BindingEventRequest { Name = target.Binding, Data = ByteString.CopyFrom(bindingEvent.Data.Span) };
        foreach (var (name, value) in bindingEvent.Metadata)
            request.Metadata[name] = value;
        var call = new CallOptions { Metadata = [new MetadataEntry(TraceContext.ParentHeader, trace.TraceParent), new MetadataEntry(BinaryTrace.Key, BinaryTrace.Of(trace.TraceParent))] };
        if (EventHeaders.IsPrintable(trace.TraceState) && trace.TraceState.Length > 0)
            call.Metadata.Add(TraceContext.StateHeader, trace.TraceState);

        var result = await app.CallAsync(AppCallback.OnBindingEvent, request, call, cancellationToken).ConfigureAwait(false);
        if (!result.IsOK)
        {
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
            cancellationToken.ThrowIfCancellationRequested();
            return new EventAnswer(default, new CallFailure($"the app answered {result.Status}", GrpcStatus: (int)result.Status.Code));
        }

        var response = result.Message;
        return new EventAnswer(response.Data.Memory, null, response.To.Count == 0 ? null : token => InvokeOutputsAsync(target, response, token));
    }

    // The event is handled by then: what fails is logged, as in Dapr, and brings it back no more.
    private async ValueTask InvokeOutputsAsync(InputTarget target, BindingEventResponse response, CancellationToken cancellationToken)
    {
        if (response.Concurrency == BindingEventResponse.Types.BindingEventConcurrency.Parallel)
        {
            await Task.WhenAll(response.To.Select(output => InvokeOutputAsync(target, output, response.Data, cancellationToken))).ConfigureAwait(false);
            return;
        }

        foreach (var output in response.To)
            await InvokeOutputAsync(target, output, response.Data, cancellationToken).ConfigureAwait(false);
    }

    private async Task InvokeOutputAsync(InputTarget target, string output, ByteString data, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await outputs.InvokeAsync(output, new BindingRequest(Operation, data.Memory, new Dictionary<string, string>()), cancellationToken).ConfigureAwait(false);
            if (outcome.Error is { } error)
                logger.OutputFailed(target.Binding, output, error.Message);
        }
        catch (OperationCanceledException ended)
        {
            logger.OutputFailed(target.Binding, output, ended.Message);
        }
    }
}
