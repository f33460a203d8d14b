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

    /// <summary>True until something of the messages is on its way: up to then a server that was not reached can be tried again.</summary>
    public bool CanBeSent => !_body.IsTaken;

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
        if (_body.Copying is not { IsCompleted: false } copying)
            return;
        await over.CancelAsync().ConfigureAwait(false);
        try
        {
            // A transport may have let go of the token once it had a response.
            _context.Request.BodyReader.CancelPendingRead();
        }
        catch (Exception aborted) when (aborted is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The caller is gone: its request was aborted, and that has ended the read.
        }

        await copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The caller's messages, which can be read once, however many requests there are for them.</summary>
    private sealed class Body(PipeReader from)
    {
        private volatile bool _isTaken;

        public bool IsTaken => _isTaken;

        public Task? Copying { get; private set; }

        public Task CopyToAsync(Stream to, CancellationToken cancellationToken) => Copying = CopyAsync(Copying, to, cancellationToken);

        private async Task CopyAsync(Task? before, Stream to, CancellationToken cancellationToken)
        {
            // Of a connection that was lost before it took anything.
            if (before is not null)
                await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // The transport sends anew what a connection did not take.
            if (_isTaken)
                throw new IOException("the connection was lost, and a stream of messages cannot be sent anew");
            while (true)
            {
                if (!from.TryRead(out var read))
                {
                    // The headers wait for the first bytes of the body otherwise, and the server may speak first.
                    await to.FlushAsync(cancellationToken).ConfigureAwait(false);
                    read = await from.ReadAsync(cancellationToken).ConfigureAwait(false);
                }

                if (read.IsCanceled)
                    throw new OperationCanceledException();
                _isTaken |= !read.Buffer.IsEmpty;
                foreach (var part in read.Buffer)
                    await to.WriteAsync(part, cancellationToken).ConfigureAwait(false);
                from.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
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
