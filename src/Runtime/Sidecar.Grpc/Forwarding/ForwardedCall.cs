using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Grpc;

/// <summary>A call on its way to another server.</summary>
public sealed class ForwardedCall
{
    private readonly HttpContext _context;
    private readonly Body _body;

    internal ForwardedCall(HttpContext context)
    {
        (_context, _body) = (context, new Body(context.Request.BodyReader));
        Path = context.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } target ? target : context.Request.Path.ToUriComponent();
    }

    /// <summary>What the caller sent beside its messages, as HTTP headers.</summary>
    public IHeaderDictionary Headers => _context.Request.Headers;

    /// <summary>As it came: <c>/greet.Greeter/SayHello</c>.</summary>
    public string Path { get; }

    /// <summary>True until something of the messages is gone: up to then the call can be sent, also once more.</summary>
    public bool CanBeSent => !_body.IsGone;

    /// <summary>Keeps the first messages while they are sent, so that they can be sent once more; when they become more than so many bytes, none.</summary>
    public void Keep(int bytes) => _body.Keep(bytes);

    /// <summary>It will not be sent once more: what was kept for that goes, and nothing more is kept.</summary>
    public void Release() => _body.Release();

    /// <summary>Returns once an attempt that failed reads nothing any more, so that another can be made.</summary>
    public async ValueTask RewindAsync()
    {
        await _body.StopAsync().ConfigureAwait(false);
        _body.Resume();
    }

    /// <summary>
    /// A request to be sent by HTTP/2, once, with a relative URI. It has the caller's headers but those of this hop; its content
    /// is read from the caller while it is sent.
    /// </summary>
    public HttpRequestMessage ToRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Path, UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Content(_body),
        };
        ForwardedHeaders.CopyRequest(Headers, request);
        return request;
    }

    /// <summary>Returns once nobody reads the caller's messages any more.</summary>
    internal async ValueTask StopAsync(CancellationTokenSource over)
    {
        if (_body.Copying is not { IsCompleted: false })
            return;
        await over.CancelAsync().ConfigureAwait(false);
        await _body.StopAsync().ConfigureAwait(false);
    }

    /// <summary>The caller's messages, which can be read once, however many requests there are for them.</summary>
    private sealed class Body(PipeReader from)
    {
        private volatile bool _isTaken;
        private volatile bool _isStopping;
        private volatile ArrayBufferWriter<byte>? _kept;
        private bool _isWhole;
        private int _most;

        /// <summary>Something of it was sent and is not kept.</summary>
        public bool IsGone => _isTaken && _kept is null;

        public Task? Copying { get; private set; }

        public void Keep(int bytes)
        {
            if (!_isTaken)
                (_kept, _most) = (new ArrayBufferWriter<byte>(), bytes);
        }

        public void Release() => _kept = null;

        public Task CopyToAsync(Stream to, CancellationToken cancellationToken) => Copying = CopyAsync(Copying, to, cancellationToken);

        public async ValueTask StopAsync()
        {
            if (Copying is not { IsCompleted: false } copying)
                return;
            _isStopping = true;
            try
            {
                // A transport may have let go of the token once it had a response.
                from.CancelPendingRead();
            }
            catch (Exception aborted) when (aborted is OperationCanceledException or IOException or ObjectDisposedException)
            {
                // The caller is gone: its request was aborted, and that has ended the read.
            }

            await copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        public void Resume() => _isStopping = false;

        private async Task CopyAsync(Task? before, Stream to, CancellationToken cancellationToken)
        {
            // Of a connection that was lost before it took anything, or of an attempt that failed.
            if (before is not null)
                await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // The transport sends anew what a connection did not take.
            if (IsGone)
                throw new IOException("the connection was lost, and a stream of messages cannot be sent anew");
            if (_kept is { WrittenCount: > 0 } kept)
                await to.WriteAsync(kept.WrittenMemory, cancellationToken).ConfigureAwait(false);
            while (!_isWhole)
            {
                if (!from.TryRead(out var read))
                {
                    // The headers wait for the first bytes of the body otherwise, and the server may speak first.
                    await to.FlushAsync(cancellationToken).ConfigureAwait(false);
                    read = await from.ReadAsync(cancellationToken).ConfigureAwait(false);
                }

                if (read.IsCanceled && _isStopping)
                {
                    from.AdvanceTo(read.Buffer.Start);
                    throw new OperationCanceledException();
                }

                _isTaken |= !read.Buffer.IsEmpty;
                KeepCopy(read.Buffer);
                try
                {
                    foreach (var part in read.Buffer)
                        await to.WriteAsync(part, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    from.AdvanceTo(read.Buffer.End);
                    _isWhole = read.IsCompleted;
                }
            }
        }

        private void KeepCopy(ReadOnlySequence<byte> read)
        {
            if (_kept is not { } kept)
                return;
            if (kept.WrittenCount + read.Length > _most)
            {
                _kept = null;
                return;
            }

            foreach (var part in read)
                kept.Write(part.Span);
        }
    }

    private sealed class Content(Body body) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            body.CopyToAsync(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
