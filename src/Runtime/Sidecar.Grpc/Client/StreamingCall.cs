using System.Runtime.CompilerServices;

namespace Sidecar.Grpc;

/// <summary>
/// A call with a stream of messages on one side or both. One may write while another reads; each of the two does one thing at
/// a time. Disposal cancels a call that has not ended. A call that is neither read to its end nor disposed of stays open.
/// </summary>
public sealed class StreamingCall<TRequest, TResponse> : IAsyncDisposable
{
    // What a side does at the moment: nothing, a read or write, or nothing ever more.
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Closed = 2;

    private readonly ClientCall _call;
    private readonly GrpcMethod<TRequest, TResponse> _method;
    private readonly StreamContent<TRequest>? _requests;
    private readonly Task _opened;
    private FrameReader<TResponse>? _frames;
    private int _writing;
    private int _reading;
    private volatile GrpcStatus? _status;

    internal StreamingCall(ClientCall call, GrpcMethod<TRequest, TResponse> method, HttpContent content)
    {
        (_call, _method, _requests) = (call, method, content as StreamContent<TRequest>);
        _opened = OpenAsync(content);
    }

    /// <summary>How the call ended; known when <see cref="ReadAsync"/> has returned false.</summary>
    public GrpcStatus? Status => _status;

    /// <summary>The message that <see cref="ReadAsync"/> found.</summary>
    public TResponse Current { get; private set; } = default!;

    /// <summary>Trailers, once <see cref="Status"/> is known.</summary>
    public Metadata Trailers => _status is null ? [] : _call.Trailers;

    /// <summary>Waits for the response headers; empty if the call ended without any.</summary>
    public async Task<Metadata> HeadersAsync(CancellationToken cancellationToken = default)
    {
        await _opened.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _call.Headers;
    }

    /// <summary>Sends a message; returns once there is room for more. False if the call has ended: reading tells how.</summary>
    /// <exception cref="InvalidOperationException">Another write is under way, the requests are complete, or there is only one.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> has fired.</exception>
    public async ValueTask<bool> WriteAsync(TRequest message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var requests = BeginWrite();
        try
        {
            using var linked = LinkedToken.Of(_call.Token, cancellationToken);
            await requests.WriteAsync(message, linked.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception ended) when (ended is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
        finally
        {
            Interlocked.CompareExchange(ref _writing, Idle, Busy);
        }
    }

    /// <summary>Says that no more requests follow.</summary>
    /// <exception cref="InvalidOperationException">A write is under way.</exception>
    public ValueTask CompleteAsync()
    {
        if (_requests is null || Interlocked.Exchange(ref _writing, Closed) == Closed)
            return ValueTask.CompletedTask;
        _requests.Complete();
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for the next message; false once the call has ended, and then <see cref="Status"/> tells how.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> has fired; the call goes on.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_status is not null)
            return false;
        var state = Interlocked.CompareExchange(ref _reading, Busy, Idle);
        ObjectDisposedException.ThrowIf(state == Closed, this);
        if (state == Busy)
            throw new InvalidOperationException("a message is being read; await it before the next");
        try
        {
            return await ReadNextAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            if (failure is OperationCanceledException && !_call.Token.IsCancellationRequested)
                cancellationToken.ThrowIfCancellationRequested();
            End(_call.StatusOf(failure));
            return false;
        }
        finally
        {
            // Disposed of meanwhile: the buffers could not be given back while this read into them.
            if (Interlocked.CompareExchange(ref _reading, Idle, Busy) == Closed)
                End(CallTime.Cancelled);
        }
    }

    /// <summary>All messages to come.</summary>
    /// <exception cref="GrpcException">The call failed.</exception>
    public async IAsyncEnumerable<TResponse> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(cancellationToken).ConfigureAwait(false))
            yield return Current;
        if (_status is { IsOK: false } failed)
            throw new GrpcException(failed, Trailers);
    }

    /// <summary>The only response of a call that streams requests.</summary>
    /// <exception cref="GrpcException">The call failed.</exception>
    public async Task<TResponse> ResponseAsync(CancellationToken cancellationToken = default)
    {
        var isFound = await ReadAsync(cancellationToken).ConfigureAwait(false);
        var only = Current;
        if (isFound && await ReadAsync(cancellationToken).ConfigureAwait(false))
            End(ResponseErrors.SecondMessage);
        if (!_status!.IsOK)
            throw new GrpcException(_status, Trailers);
        return isFound ? only : throw new GrpcException(ResponseErrors.NoMessage, Trailers);
    }

    public async ValueTask DisposeAsync()
    {
        if (_status is not null)
            return;
        _call.Cancel();
        await _opened.ConfigureAwait(false);
        if (Interlocked.Exchange(ref _reading, Closed) == Idle)
            End(CallTime.Cancelled);
    }

    private async Task OpenAsync(HttpContent content)
    {
        try
        {
            if (await _call.SendAsync(content).ConfigureAwait(false) is { } ended)
                End(ended);
            else
                _frames = await _call.ReaderAsync(_method.Responses).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            End(_call.StatusOf(failure));
        }
    }

    private async ValueTask<bool> ReadNextAsync(CancellationToken cancellationToken)
    {
        await _opened.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_status is not null)
            return false;

        using var linked = LinkedToken.Of(_call.Token, cancellationToken);
        var next = await _frames!.ReadAsync(linked.Token).ConfigureAwait(false);
        Current = next.Message;
        if (!next.HasMessage)
            End(_call.ReadStatus());
        return next.HasMessage;
    }

    private StreamContent<TRequest> BeginWrite()
    {
        if (_requests is null)
            throw new InvalidOperationException($"{_method.FullName} has one request, and it is sent");
        return Interlocked.CompareExchange(ref _writing, Busy, Idle) switch
        {
            Idle => _requests,
            Busy => throw new InvalidOperationException("a message is being written; await it before the next"),
            _ => throw new InvalidOperationException("the requests are complete"),
        };
    }

    // Whoever comes first says how the call ended, and lets go of it.
    private void End(GrpcStatus status)
    {
        if (Interlocked.CompareExchange(ref _status, status, null) is not null)
            return;
        _call.Cancel();
        _requests?.Abandon();
        _call.Dispose();
    }
}
