namespace Sidecar.Components.Middleware;

/// <summary><c>middleware.http.uppercase</c>: a test aid that makes the letters of a request's body capitals (contract section 6.16).</summary>
internal sealed class UppercaseMiddleware : IHttpMiddleware
{
    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask<MiddlewareAnswer?> HandleAsync(MiddlewareRequest request, CancellationToken cancellationToken)
    {
        request.TransformBody(static body => new Capitals(body));
        return ValueTask.FromResult<MiddlewareAnswer?>(null);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Letters of ASCII alone, so that the length stays.</summary>
    private sealed class Capitals(Stream body) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Raise(buffer.AsSpan(offset, count), body.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            return Raise(buffer.Span, count);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private static int Raise(Span<byte> buffer, int count)
        {
            foreach (ref var letter in buffer[..count])
            {
                if (letter is >= (byte)'a' and <= (byte)'z')
                    letter -= 'a' - 'A';
            }

            return count;
        }
    }
}
