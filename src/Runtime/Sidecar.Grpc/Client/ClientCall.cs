using System.IO.Pipelines;

namespace Sidecar.Grpc;

/// <summary>
/// One call of a client on the transport: its request, its time, its response and how it ended. Whoever makes it disposes of
/// it, once, and that resets the stream if it has not ended.
/// </summary>
internal sealed class ClientCall : IDisposable
{
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 8192, leaveOpen: true);

    private readonly GrpcChannel _channel;
    private readonly string _method;
    private readonly CallOptions _options;
    private readonly CallTime _time;
    private HttpRequestMessage? _request;
    private HttpResponseMessage? _response;
    private PipeReader? _body;
    private bool _isTrailersOnly;
    private Metadata? _headers;
    private Metadata? _trailers;

    public ClientCall(GrpcChannel channel, string method, CallOptions options, CancellationToken cancellationToken)
    {
        (_channel, _method, _options) = (channel, method, options);
        channel.Begin();
        _time = new CallTime(channel.Clock, options, cancellationToken);
    }

    /// <summary>Fires when the deadline passes, the caller cancels, or this is disposed of.</summary>
    public CancellationToken Token => _time.Token;

    /// <summary>Response headers, once <see cref="SendAsync"/> has returned. Made when asked for, as few callers do.</summary>
    public Metadata Headers => _response is null || _isTrailersOnly ? [] : _headers ??= ResponseHeaders.MetadataOf(_response.Headers);

    /// <summary>Trailers, once the status is known.</summary>
    public Metadata Trailers => _response is null ? [] : _trailers ??= ResponseHeaders.MetadataOf(_isTrailersOnly ? _response.Headers : _response.TrailingHeaders);

    /// <summary>Sends the request, and returns with the response's headers: null if messages may follow, or how the call ended.</summary>
    public async ValueTask<GrpcStatus?> SendAsync(HttpContent content)
    {
        if (_time.IsOver)
            return CallTime.DeadlineExceeded;
        _request = Request(content);
        _response = await _channel.SendAsync(_request, Token).ConfigureAwait(false);
        return ResponseHeaders.Check(_response, out _isTrailersOnly);
    }

    /// <summary>Reads messages of the response that <see cref="SendAsync"/> opened.</summary>
    /// <exception cref="GrpcException">The response says an encoding that is not known here.</exception>
    public async ValueTask<FrameReader<T>> ReaderAsync<T>(Marshaller<T> marshaller)
    {
        var encoding = ResponseHeaders.EncodingOf(_response!);
        var stream = await _response!.Content.ReadAsStreamAsync(Token).ConfigureAwait(false);
        _body = PipeReader.Create(stream, ReaderOptions);
        return new FrameReader<T>(_body, marshaller, encoding, _channel.MaxReceiveMessageSize);
    }

    /// <summary>The status, after the last message.</summary>
    public GrpcStatus ReadStatus() => ResponseHeaders.StatusIn(_response!.TrailingHeaders) ?? ResponseHeaders.NoStatus;

    /// <summary>What an exception of the transport says of the call.</summary>
    public GrpcStatus StatusOf(Exception failure) => _time.Status() ?? TransportErrors.StatusOf(failure);

    /// <summary>Lets go of the call. Nobody reads or writes any more.</summary>
    public void Dispose()
    {
        _time.Dispose();
        _body?.Complete();
        _response?.Dispose();
        _request?.Dispose();
        _channel.End();
    }

    /// <summary>Fires the token, so that whoever reads or writes stops before this is disposed of.</summary>
    public void Cancel() => _time.Cancel();

    private HttpRequestMessage Request(HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _channel.AddressOf(_method))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.ContentType = RequestHeaders.ContentType;
        RequestHeaders.Put(request.Headers, _options, _time.Left(), _channel.UserAgent);
        return request;
    }
}
