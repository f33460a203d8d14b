using System.Buffers;
using System.IO.Pipelines;

namespace Sidecar.Components.Redis;

/// <summary>
/// One connection for many callers: commands go out in the order of their calls, as many in one packet as have gathered while
/// the last was written; replies come back in that order. Once broken it stays so.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly TimeSpan _readTimeout;
    private readonly TimeSpan _writeTimeout;
    private readonly TimeProvider _time;
    private readonly RespParser _parser;
    private readonly PipeReader _input;

    // No limit: each caller awaits its reply, so that there is never more in it than callers have.
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 16 * 1024, useSynchronizationContext: false));
    private readonly Lock _lock = new();
    private readonly Queue<PendingReply> _pending = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CountingWriter _counting;
    private readonly ITimer _watchdog;
    private readonly Task _running;
    private RedisConnectionException? _failure;
    private bool _isWatching;
    private long _accepted;
    private long _handedOver;

    public RedisConnection(Stream stream, TimeSpan readTimeout, TimeSpan writeTimeout, TimeProvider time, RespLimits? limits = null)
    {
        (_stream, _readTimeout, _writeTimeout, _time) = (stream, readTimeout, writeTimeout, time);
        _parser = new RespParser(limits ?? RespLimits.Default);
        _counting = new CountingWriter(_output.Writer);
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true));
        _watchdog = time.CreateTimer(_ => Watch(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _running = Task.WhenAll(WriteAllAsync(), ReadAllAsync());
    }

    public bool IsBroken => _broken.Task.IsCompleted;

    /// <summary>Ends when the connection does.</summary>
    public Task Broken => _broken.Task;

    /// <summary>Told of what the server says without having been asked; set before the first command.</summary>
    public Action<RespReply>? OnPush { get; init; }

    /// <exception cref="RedisConnectionException">The connection broke before the reply came.</exception>
    public Task<RespReply> SendAsync(RedisCommand command)
    {
        lock (_lock)
        {
            if (_failure is { } failure)
                return Task.FromException<RespReply>(new RedisConnectionException(failure.Message, wasNotSent: true, failure));
            var pending = Append(command);
            Flush(command.ServerWaits);
            return pending.Task;
        }
    }

    /// <summary>Sends the commands one behind the other, with nobody else's between. Gives the reply to each.</summary>
    /// <inheritdoc cref="SendAsync(RedisCommand)"/>
    public Task<RespReply[]> SendAsync(IReadOnlyList<RedisCommand> commands)
    {
        var replies = new Task<RespReply>[commands.Count];
        lock (_lock)
        {
            if (_failure is { } failure)
                return Task.FromException<RespReply[]>(new RedisConnectionException(failure.Message, wasNotSent: true, failure));
            for (var index = 0; index < replies.Length; index++)
                replies[index] = Append(commands[index]).Task;
            Flush(TimeSpan.Zero);
        }

        return Task.WhenAll(replies);
    }

    public async ValueTask DisposeAsync()
    {
        Break("the connection was closed", null);
        await _running.ConfigureAwait(false);
        await _watchdog.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private PendingReply Append(RedisCommand command)
    {
        var pending = new PendingReply(command, _time.GetTimestamp(), _accepted);
        command.WriteTo(_counting);
        _accepted = _counting.Count;
        _pending.Enqueue(pending);
        return pending;
    }

    private void Flush(TimeSpan serverWaits)
    {
        // Done at once, as the pipe has no limit; whoever waits to write is woken on another thread.
        _ = _output.Writer.FlushAsync(CancellationToken.None);
        if (!_isWatching && _readTimeout != Timeout.InfiniteTimeSpan)
            WatchFor(_readTimeout + serverWaits);
    }

    private async Task WriteAllAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        try
        {
            while (true)
            {
                var read = await _output.Reader.ReadAsync(_stopping.Token).ConfigureAwait(false);
                foreach (var segment in read.Buffer)
                {
                    Volatile.Write(ref _handedOver, _handedOver + segment.Length);
                    var writing = _stream.WriteAsync(segment, _stopping.Token);
                    if (writing.IsCompletedSuccessfully)
                        await writing.ConfigureAwait(false);
                    else
                        await writing.AsTask().WaitAsync(_writeTimeout, _time, _stopping.Token).ConfigureAwait(false);
                }

                _output.Reader.AdvanceTo(read.Buffer.End);
            }
        }
        catch (TimeoutException late)
        {
            Break($"the server has taken nothing for {_writeTimeout.TotalSeconds:0.###} s (writeTimeout)", late);
        }
        catch (Exception end) when (end is not OutOfMemoryException)
        {
            Break("the connection broke", end);
        }
    }

    private async Task ReadAllAsync()
    {
        try
        {
            while (true)
            {
                var read = await _input.ReadAsync(_stopping.Token).ConfigureAwait(false);
                var buffer = read.Buffer;
                while (_parser.TryRead(ref buffer, out var reply))
                    Answer(reply);
                _input.AdvanceTo(buffer.Start, buffer.End);
                if (!read.IsCompleted)
                    continue;
                Break("the server closed the connection", null);
                return;
            }
        }
        catch (RespException nonsense)
        {
            Break($"what answers is no Redis: {nonsense.Message}", nonsense);
        }
        catch (Exception end) when (end is not OutOfMemoryException)
        {
            Break("the connection broke", end);
        }
        finally
        {
            await _input.CompleteAsync().ConfigureAwait(false);
        }
    }

    private void Answer(in RespReply reply)
    {
        if (reply.Kind == RespKind.Push)
        {
            OnPush?.Invoke(reply);
            return;
        }

        PendingReply? first;
        lock (_lock)
            _pending.TryDequeue(out first);
        if (first is null)
            throw new RespException("a reply that nobody asked for");
        first.TrySetResult(reply);
    }

    /// <summary>Replies come in order, so it is enough to look at the oldest command.</summary>
    private void Watch()
    {
        TimeSpan waited;
        lock (_lock)
        {
            _isWatching = false;
            if (!_pending.TryPeek(out var oldest) || _failure is not null)
                return;
            waited = _readTimeout + oldest.Command.ServerWaits;
            if (waited - _time.GetElapsedTime(oldest.Since) is var left && left > TimeSpan.Zero)
            {
                WatchFor(left);
                return;
            }
        }

        Break($"no reply within {waited.TotalSeconds:0.###} s (readTimeout)", null);
    }

    private void WatchFor(TimeSpan left)
    {
        _isWatching = true;

        // One more millisecond, because timers may be early by as much.
        _watchdog.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private void Break(string reason, Exception? inner)
    {
        PendingReply[] lost;
        lock (_lock)
        {
            if (_failure is not null)
                return;
            _failure = new RedisConnectionException(inner is null or TimeoutException or RespException ? reason : $"{reason}: {inner.Message}", wasNotSent: false, inner);
            lost = [.. _pending];
            _pending.Clear();
        }

        _stopping.Cancel();
        _stream.Dispose();
        var handedOver = Volatile.Read(ref _handedOver);
        foreach (var pending in lost)
        {
            pending.TrySetException(new RedisConnectionException(_failure.Message, pending.Start >= handedOver, _failure));

            // Whoever asked may have gone; nobody is to hear of it as of a forgotten failure.
            _ = pending.Task.Exception;
        }

        _broken.TrySetResult();
    }

    /// <param name="start">Bytes that went into the connection before it.</param>
    private sealed class PendingReply(RedisCommand command, long since, long start)
        : TaskCompletionSource<RespReply>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RedisCommand Command => command;

        public long Since => since;

        public long Start => start;
    }

    private sealed class CountingWriter(PipeWriter output) : IBufferWriter<byte>
    {
        public long Count { get; private set; }

        public void Advance(int count)
        {
            Count += count;
            output.Advance(count);
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => output.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => output.GetSpan(sizeHint);
    }
}
