using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Sidecar.Grpc;

/// <summary>The response of a call: headers, messages, and a status that goes into the headers if nothing went before it.</summary>
internal sealed class ServerResponse(HttpContext context, MessageEncoding encoding)
{
    private Metadata? _headers;
    private Metadata? _trailers;
    private bool _isStarted;
    private int _isWriting;

    public Metadata Headers => _headers ??= [];

    public Metadata Trailers => _trailers ??= [];

    /// <summary>A message was begun and not finished, or its sending was given up: the client would have to read it before any status, and it may not.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Writes a message, and leaves it to the caller or the end of the call to send it.</summary>
    public void Write<T>(Marshaller<T> marshaller, T message)
    {
        Start();
        IsBroken = true;
        Frame.Write(context.Response.BodyWriter, marshaller, message, encoding);
        IsBroken = false;
    }

    /// <summary>Writes a message and sends it; returns once the client has room for more.</summary>
    public async ValueTask WriteAsync<T>(Marshaller<T> marshaller, T message, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isWriting, 1) != 0)
            throw new InvalidOperationException("a message is being written; await it before the next");
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write(marshaller, message);

            // The web server resets a stream whose flush is cancelled, but not if it was so before.
            IsBroken = true;
            Require(await context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false));
            IsBroken = false;
        }
        finally
        {
            Volatile.Write(ref _isWriting, 0);
        }
    }

    public async ValueTask WriteHeadersAsync(CancellationToken cancellationToken)
    {
        if (_isStarted)
            return;
        Start();
        Require(await context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Sets the status where it belongs. It is sent when the request ends, with whatever is not sent yet.</summary>
    public void End(GrpcStatus status)
    {
        if (!_isStarted)
        {
            Start();
            Put(context.Response.Headers, status);
        }
        else if (context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { IsReadOnly: false } trailers)
        {
            Put(trailers, status);
        }
    }

    private static void Require(FlushResult result)
    {
        if (result.IsCompleted || result.IsCanceled)
            throw new OperationCanceledException("the client reads no more");
    }

    private static void Put(IHeaderDictionary target, Metadata metadata)
    {
        for (var at = 0; at < metadata.Count; at++)
            target.Append(metadata[at].Key, metadata[at].HeaderValue);
    }

    private void Start()
    {
        if (_isStarted)
            return;
        _isStarted = true;
        var headers = context.Response.Headers;
        headers[HeaderNames.ContentType] = GrpcRequest.ContentType;
        if (encoding == MessageEncoding.Gzip)
            headers[GrpcHeaders.Encoding] = MessageEncodings.GzipName;
        if (_headers is not null)
            Put(headers, _headers);
    }

    private void Put(IHeaderDictionary target, GrpcStatus status)
    {
        if (_trailers is not null)
            Put(target, _trailers);
        target[GrpcHeaders.Status] = StatusHeaders.Number(status.Code);
        if (status.Message.Length > 0)
            target[GrpcHeaders.Message] = PercentEncoding.Encode(status.Message);
        if (StatusHeaders.DetailsOf(status) is { } details)
            target[GrpcHeaders.Details] = details;
    }
}
