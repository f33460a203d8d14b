using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sidecar.Grpc;

/// <summary>Where a forwarder sends a call.</summary>
public interface IForwardTarget
{
    /// <summary>Sends <see cref="ForwardedCall.ToRequest"/>, and answers with the response as soon as its headers are there, or with the status that the caller is told.</summary>
    /// <exception cref="HttpRequestException">The server cannot be reached, or broke the connection: told to the caller with the code that fits.</exception>
    ValueTask<ForwardReply> SendAsync(ForwardedCall call, CancellationToken cancellationToken);
}

/// <summary>A response, which the forwarder disposes of, or the status that the caller is told in its place.</summary>
public readonly record struct ForwardReply(HttpResponseMessage? Response, GrpcStatus? Refusal);

/// <summary>
/// Hands calls of any kind on to another server without reading a message: headers, messages, trailers and status pass as they
/// are, in both directions at once, and each side is read as fast as the other takes it. The call ends with its caller, with
/// its deadline, and with the server.
/// </summary>
public sealed class GrpcForwarder(TimeProvider? clock = null, ILoggerFactory? loggers = null)
{
    // What comes in one go is sent in one go, but a fast server must not fill the memory of one whose client is slow.
    private const int MostUnsent = 64 * 1024;

    private static readonly GrpcStatus BadTimeout = new(StatusCode.Internal, "grpc-timeout is not one to eight digits with a unit H, M, S, m, u or n");

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly ILogger _log = loggers?.CreateLogger<GrpcForwarder>() ?? NullLogger<GrpcForwarder>.Instance;
    private int _callsUnderWay;

    /// <summary>Calls that have begun and not ended.</summary>
    public int CallsUnderWay => Volatile.Read(ref _callsUnderWay);

    /// <summary>
    /// A call, in order: (1) lift limits of HTTP that streams would trip; (2) read how long it may take; (3) send it; (4) pass the
    /// response; (5) if that fails, tell the caller how it ended; (6) stop what still goes to the server.
    /// </summary>
    /// <param name="context">A request that <see cref="GrpcRequest.IsGrpc"/> takes for a call.</param>
    /// <param name="target">Where to.</param>
    public async Task ForwardAsync(HttpContext context, IForwardTarget target)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(target);

        // 1
        HttpLimits.Lift(context.Features);

        // 2
        if (!TryReadTimeout(context.Request, out var timeout))
        {
            await GrpcFallback.AnswerAsync(context, BadTimeout).ConfigureAwait(false);
            return;
        }

        using var over = new CancellationTokenSource();
        var cancellation = new CallCancellation(_log);
        var call = new ForwardedCall(context);
        var response = default(HttpResponseMessage);
        var passing = new Passing(context);
        Interlocked.Increment(ref _callsUnderWay);
        cancellation.Begin(context.RequestAborted, over.Token, timeout, _clock);
        try
        {
            // 3
            var reply = await target.SendAsync(call, cancellation.Token).ConfigureAwait(false);
            response = reply.Response;

            // 4
            if (response is not null)
                await passing.PassAsync(response, cancellation.Token).ConfigureAwait(false);
            else
                passing.End(reply.Refusal ?? CallEnds.StatusOf(CallEnd.None));
        }
        catch (Exception failure)
        {
            // 5
            var status = cancellation.End != CallEnd.None ? CallEnds.StatusOf(cancellation.End) : StatusOf(failure, context);
            _log.CallFailed(call.Path, status.Code, status.Message);
            passing.End(status);
        }
        finally
        {
            // 6. A server may answer before it has read all, and the request's body is the web server's again after this.
            try
            {
                response?.Dispose();
                await call.StopAsync(over).ConfigureAwait(false);
            }
            finally
            {
                cancellation.Release();
                Interlocked.Decrement(ref _callsUnderWay);
            }
        }
    }

    private static bool TryReadTimeout(HttpRequest request, out TimeSpan? timeout)
    {
        timeout = null;
        string? limit = request.Headers[GrpcHeaders.Timeout];
        if (limit is null)
            return true;
        var isReadable = GrpcTimeout.TryParse(limit, out var due);
        timeout = due;
        return isReadable;
    }

    private static GrpcStatus StatusOf(Exception failure, HttpContext context) =>
        context.RequestAborted.IsCancellationRequested ? CallEnds.StatusOf(CallEnd.ClientGone) : TransportErrors.StatusOf(failure);

    /// <summary>The way back: from the server to the caller.</summary>
    private sealed class Passing(HttpContext context)
    {
        private readonly PipeWriter _to = context.Response.BodyWriter;
        private bool _hasBegun;
        private int _unsent;

        public async Task PassAsync(HttpResponseMessage response, CancellationToken cancellationToken)
        {
            context.Response.StatusCode = (int)response.StatusCode;
            ForwardedHeaders.CopyResponse(response, context.Response.Headers);
            var from = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            while (true)
            {
                // An empty read waits for data without holding memory for it: most open streams are silent.
                var waiting = from.ReadAsync(Memory<byte>.Empty, cancellationToken);
                if (!waiting.IsCompleted || _unsent >= MostUnsent)
                    await SendAsync(cancellationToken).ConfigureAwait(false);
                await waiting.ConfigureAwait(false);
                var read = await from.ReadAsync(_to.GetMemory(), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    break;
                _to.Advance(read);
                _unsent += read;
                _hasBegun = true;
            }

            if (context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { IsReadOnly: false } trailers)
                ForwardedHeaders.CopyTrailers(response, trailers);
        }

        /// <summary>Puts the status where the caller looks for it: in headers if nothing went before it.</summary>
        public void End(GrpcStatus status)
        {
            if (context.RequestAborted.IsCancellationRequested)
                return;
            var response = context.Response;
            if (!_hasBegun && !response.HasStarted)
            {
                response.Clear();
                new ServerResponse(context, MessageEncoding.Identity).End(status);
            }
            else if (context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { IsReadOnly: false } trailers)
            {
                trailers.Clear();
                trailers[GrpcHeaders.Status] = StatusHeaders.Number(status.Code);
                trailers[GrpcHeaders.Message] = PercentEncoding.Encode(status.Message);
            }
        }

        private async ValueTask SendAsync(CancellationToken cancellationToken)
        {
            if (_unsent == 0 && context.Response.HasStarted)
                return;
            _unsent = 0;
            _hasBegun = true;
            var flushed = await _to.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (flushed.IsCompleted || flushed.IsCanceled)
                throw new OperationCanceledException("the client reads no more");
        }
    }
}
