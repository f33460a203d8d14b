using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Runtime.Hosting;

namespace Benchmarks.HotPaths;

/// <summary>A call of the gRPC API, as <see cref="RequestPaths"/> makes requests of the HTTP API.</summary>
internal sealed class GrpcPath(RequestDelegate pipeline, string method, IMessage message)
{
    private const int HeaderSize = 5;

    private readonly byte[] _frame = FrameOf(message);

    /// <exception cref="InvalidOperationException">The call did not succeed.</exception>
    public void Send()
    {
        var features = Features();
        var handling = pipeline(new DefaultHttpContext(features));
        if (!handling.IsCompletedSuccessfully)
            handling.GetAwaiter().GetResult();
        if (features.Get<IHttpResponseTrailersFeature>()!.Trailers["grpc-status"] != "0")
            throw new InvalidOperationException($"{method}: {features.Get<IHttpResponseFeature>()!.Headers["grpc-message"]}");
    }

    private static byte[] FrameOf(IMessage message)
    {
        var frame = new byte[HeaderSize + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - HeaderSize);
        message.WriteTo(frame.AsSpan(HeaderSize));
        return frame;
    }

    private FeatureCollection Features()
    {
        var features = new FeatureCollection(8);
        var request = new HttpRequestFeature { Method = HttpMethods.Post, RawTarget = method, Path = method, Protocol = HttpProtocol.Http2, Scheme = "http", Body = new MemoryStream(_frame) };
        request.Headers.Host = "127.0.0.1:50001";
        request.Headers.UserAgent = "bench";
        request.Headers.ContentType = "application/grpc";
        request.Headers.TE = "trailers";
        request.Headers.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new DroppedBody());
        features.Set<IHttpResponseTrailersFeature>(new Trailers());
        ListenerRoles.Set(features, ListenerRole.Grpc);
        return features;
    }

    private sealed class Trailers : IHttpResponseTrailersFeature
    {
        IHeaderDictionary IHttpResponseTrailersFeature.Trailers { get; set; } = new HeaderDictionary();
    }

    private sealed class DroppedBody : IHttpResponseBodyFeature
    {
        public Stream Stream => Stream.Null;

        public PipeWriter Writer { get; } = PipeWriter.Create(Stream.Null);

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
