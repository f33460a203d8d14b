using System.Text;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Rpc;
using Microsoft.AspNetCore.Routing;
using Sidecar.Grpc.Tests.Protos;

namespace Sidecar.Grpc.Tests.Support;

/// <summary>The server side of <c>echo.proto</c>. <c>Node/echo-server.cjs</c> behaves likewise, word for word.</summary>
internal sealed class EchoService
{
    // Generated requests ask for any number.
    private const int MostBytes = 1 << 16;
    private const int MostReplies = 5000;

    private readonly Channel<string> _cancelled = Channel.CreateUnbounded<string>();
    private readonly Channel<ServerCall> _begun = Channel.CreateUnbounded<ServerCall>();

    /// <summary>Names of methods whose token fired, as they come.</summary>
    public ChannelReader<string> Cancelled => _cancelled.Reader;

    /// <summary>Calls that wait, as they come.</summary>
    public ChannelReader<ServerCall> Waiting => _begun.Reader;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapUnary(Echo.Unary, UnaryAsync);
        routes.MapClientStreaming(Echo.ClientStream, ClientStreamAsync);
        routes.MapServerStreaming(Echo.ServerStream, ServerStreamAsync);
        routes.MapDuplex(Echo.Duplex, DuplexAsync);
    }

    private async Task<EchoReply> UnaryAsync(EchoRequest request, ServerCall call)
    {
        switch (request.Behave)
        {
            case "fail":
                throw Failure(request, call);
            case "fail-as-value":
                return call.Fail<EchoReply>(Failure(request, call).Status);
            case "throw":
                throw new InvalidOperationException(request.Text);
            case "null":
                return null!;
            case "metadata":
                EchoMetadata(call);
                await call.WriteHeadersAsync();
                break;
            case "deadline":
                return new EchoReply { Text = call.Deadline is null ? "none" : "some" };
            case "peer":
                return new EchoReply { Text = call.Peer };
            case "wait":
                await WaitAsync(call);
                break;
        }

        return new EchoReply
        {
            Text = request.Text,
            Data = request.Count > 0 ? ByteString.CopyFrom(new byte[Math.Min(request.Count, MostBytes)]) : request.Data,
            Count = request.Count,
        };
    }

    private async Task<EchoReply> ClientStreamAsync(MessageReader<EchoRequest> requests, ServerCall call)
    {
        var (text, count) = (new StringBuilder(), 0);
        await foreach (var request in requests.ReadAllAsync())
        {
            if (request.Behave == "fail")
                throw Failure(request, call);
            if (request.Behave == "pause")
                await WaitAsync(call);
            text.Append(request.Text);
            count++;
        }

        return new EchoReply { Text = text.ToString(), Count = count };
    }

    private async Task ServerStreamAsync(EchoRequest request, MessageWriter<EchoReply> replies, ServerCall call)
    {
        if (request.Behave == "forever")
        {
            try
            {
                for (var count = 0; ; count++)
                    await replies.WriteAsync(new EchoReply { Count = count, Data = request.Data });
            }
            catch (OperationCanceledException)
            {
                _cancelled.Writer.TryWrite(call.Method);
                throw;
            }
        }

        for (var count = 0; count < Math.Min(request.Count, MostReplies); count++)
            await replies.WriteAsync(new EchoReply { Text = request.Text, Count = count });
        if (request.Behave == "fail-after")
            throw new GrpcException(StatusCode.Aborted, request.Text);
        if (request.Behave == "wait-after")
            await WaitAsync(call);
    }

    private async Task DuplexAsync(MessageReader<EchoRequest> requests, MessageWriter<EchoReply> replies, ServerCall call)
    {
        try
        {
            while (await requests.ReadAsync())
            {
                var request = requests.Current;
                if (request.Behave == "fail")
                    throw Failure(request, call);
                if (request.Behave == "finish")
                    return;
                await replies.WriteAsync(new EchoReply { Text = request.Text, Data = request.Data, Count = request.Count });
            }
        }
        catch (Exception) when (call.CancellationToken.IsCancellationRequested)
        {
            _cancelled.Writer.TryWrite(call.Method);
            throw;
        }
    }

    private async Task WaitAsync(ServerCall call)
    {
        _begun.Writer.TryWrite(call);
        var over = new TaskCompletionSource();
        await using var registration = call.CancellationToken.Register(() => over.TrySetResult());
        await over.Task;
        _cancelled.Writer.TryWrite(call.Method);
        call.CancellationToken.ThrowIfCancellationRequested();
    }

    private static void EchoMetadata(ServerCall call)
    {
        foreach (var entry in call.RequestMetadata)
        {
            if (!entry.Key.StartsWith("x-", StringComparison.Ordinal))
                continue;
            call.ResponseHeaders.Add(entry);
            call.ResponseTrailers.Add(entry.Bytes is { } bytes ? new MetadataEntry("t" + entry.Key, bytes) : new MetadataEntry("t" + entry.Key, entry.Value!));
        }
    }

    private static GrpcException Failure(EchoRequest request, ServerCall call)
    {
        call.ResponseTrailers.Add("after", "a trailer");
        call.ResponseTrailers.Add("after-bin", [0, 1, 255]);
        var info = new ErrorInfo { Reason = "REASON", Domain = "example.com" };
        info.Metadata["key"] = "välue";
        return new GrpcException((StatusCode)request.Count, request.Text, info, new ResourceInfo { ResourceType = "thing", ResourceName = "one" });
    }
}
