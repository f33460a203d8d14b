using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sidecar.Grpc;

/// <summary>Runs the calls of mapped methods.</summary>
public sealed class GrpcServer
{
    private readonly GrpcServerOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _clock;
    private readonly CancellationToken _stopping;
    private readonly IServerCallFilter[] _filters;
    private int _callsUnderWay;

    /// <param name="options">Read once.</param>
    /// <param name="loggers">Null = no log.</param>
    /// <param name="lifetime">Whose <c>ApplicationStopping</c> ends calls, unless the options say another token.</param>
    /// <param name="clock">Null = the system's.</param>
    public GrpcServer(GrpcServerOptions options, ILoggerFactory? loggers = null, IHostApplicationLifetime? lifetime = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _log = loggers?.CreateLogger<GrpcServer>() ?? NullLogger<GrpcServer>.Instance;
        _clock = clock ?? TimeProvider.System;
        _stopping = options.Stopping ?? lifetime?.ApplicationStopping ?? CancellationToken.None;
        _filters = [.. options.Filters];
    }

    /// <summary>Calls that have begun and not ended.</summary>
    public int CallsUnderWay => Volatile.Read(ref _callsUnderWay);

    /// <summary>
    /// A call, in order: (1) refuse what is no gRPC call; (2) lift limits of HTTP that streams would trip; (3) read how long
    /// and in which encoding; (4) ask the filters; (5) run the handler; (6) tell the filters; (7) put the status.
    /// </summary>
    internal async Task RunAsync(HttpContext context, IServerMethod method)
    {
        // 1
        if (!CallRefusal.IsAcceptable(context))
            return;

        // 2
        HttpLimits.Lift(context.Features);

        // 3
        var refusal = CallRefusal.ReadPreamble(context, out var requestEncoding, out var timeout);
        var cancellation = new CallCancellation(_log);
        var response = new ServerResponse(context, ResponseEncodingFor(context.Request));
        var call = new ServerCall(context, method.FullName ?? context.Request.Path.Value ?? "", cancellation, response, timeout is { } due ? Deadlines.After(_clock, due) : null);
        Interlocked.Increment(ref _callsUnderWay);
        cancellation.Begin(context.RequestAborted, _stopping, timeout, _clock);
        try
        {
            var passed = 0;
            var status = refusal ?? GrpcStatus.OK;
            try
            {
                // 4
                while (status.IsOK && passed < _filters.Length)
                {
                    status = await _filters[passed].BeginAsync(call).ConfigureAwait(false);
                    passed += status.IsOK ? 1 : 0;
                }

                // 5
                if (status.IsOK)
                {
                    await method.RunAsync(call, requestEncoding, _options.MaxReceiveMessageSize).ConfigureAwait(false);
                    status = call.Status;
                }
            }
            catch (Exception failure)
            {
                status = StatusOf(failure, call);
            }

            // 6
            for (var filter = passed - 1; filter >= 0; filter--)
                TellEnd(_filters[filter], call, status);

            // 7
            Finish(context, call, status);
        }
        finally
        {
            cancellation.Release();
            Interlocked.Decrement(ref _callsUnderWay);
        }
    }

    private MessageEncoding ResponseEncodingFor(HttpRequest request) =>
        _options.ResponseEncoding == MessageEncoding.Gzip && MessageEncodings.AcceptsGzip(request.Headers[GrpcHeaders.AcceptEncoding])
            ? MessageEncoding.Gzip
            : MessageEncoding.Identity;

    private GrpcStatus StatusOf(Exception failure, ServerCall call)
    {
        if (failure is GrpcException known)
        {
            foreach (var entry in known.Trailers)
                call.ResponseTrailers.Add(entry);
            return known.Status;
        }

        // A read of a stream that was reset fails with an IOException, before or after the token has fired.
        if (failure is OperationCanceledException || (failure is IOException && call.HttpContext.RequestAborted.IsCancellationRequested))
        {
            var end = call.Cancellation.End;
            return CallEnds.StatusOf(end == CallEnd.None && call.HttpContext.RequestAborted.IsCancellationRequested ? CallEnd.ClientGone : end);
        }

        _log.HandlerFailed(failure, call.Method);
        return new GrpcStatus(StatusCode.Unknown, failure.Message);
    }

    private void TellEnd(IServerCallFilter filter, ServerCall call, GrpcStatus status)
    {
        try
        {
            filter.End(call, status);
        }
        catch (Exception failure)
        {
            // The call has its outcome; who watches it must not change that.
            _log.FilterFailed(failure, call.Method);
        }
    }

    private void Finish(HttpContext context, ServerCall call, GrpcStatus status)
    {
        if (!status.IsOK)
            _log.CallFailed(call.Method, status.Code, status.Message);
        if (call.Response.IsBroken)
            CallRefusal.Reset(context);
        else
            call.Response.End(status);
    }
}
