using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Sidecar.Runtime.Invocation;

/// <summary>
/// The body of a call. A body with a Content-Length up to 64 KiB, or of any length where a policy retries, is kept, so that the
/// call can be sent again; a larger or chunked one streams, as slowly as its sender likes, and can be sent once.
/// </summary>
internal sealed class ForwardedBody
{
    public const int KeptBytes = 64 * 1024;

    private readonly ReadOnlyMemory<byte>? _kept;
    private readonly Stream? _stream;
    private readonly long? _length;

    private ForwardedBody(ReadOnlyMemory<byte>? kept, Stream? stream, long? length) => (_kept, _stream, _length) = (kept, stream, length);

    /// <summary>Can be sent again.</summary>
    public bool IsKept => _stream is null;

    /// <param name="keepAll">Whatever its length, up to the limit of the listener.</param>
    public static async ValueTask<ForwardedBody> ReadAsync(HttpContext context, bool keepAll, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return new ForwardedBody(request.ContentType is null ? null : ReadOnlyMemory<byte>.Empty, null, 0);
        if (request.ContentLength is not { } length || (length > KeptBytes && !keepAll) || length > Array.MaxLength)
        {
            if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
                rate.MinDataRate = null;
            return new ForwardedBody(null, request.Body, request.ContentLength);
        }

        return new ForwardedBody(await KeepAsync(request.Body, (int)length, cancellationToken).ConfigureAwait(false), null, length);
    }

    /// <summary>No body at all.</summary>
    public static ForwardedBody None { get; } = new(null, null, 0);

    /// <summary>A body that is whole.</summary>
    public static ForwardedBody Of(ReadOnlyMemory<byte> body) => new(body, null, body.Length);

    /// <summary>The content for one attempt; null = no body at all.</summary>
    public HttpContent? ToContent() =>
        _kept is { } kept ? new ReadOnlyMemoryContent(kept) : _stream is not null ? new Streamed(_stream, _length) : null;

    private static async ValueTask<ReadOnlyMemory<byte>> KeepAsync(Stream body, int length, CancellationToken cancellationToken)
    {
        if (length <= KeptBytes)
        {
            var small = new byte[length];
            await body.ReadExactlyAsync(small, cancellationToken).ConfigureAwait(false);
            return small;
        }

        // What a header promises need not come: memory grows with what does.
        using var arrived = new MemoryStream(KeptBytes);
        await body.CopyToAsync(arrived, cancellationToken).ConfigureAwait(false);
        return arrived.GetBuffer().AsMemory(0, (int)arrived.Length);
    }

    private sealed class Streamed(Stream body, long? length) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            body.CopyToAsync(stream, cancellationToken);

        protected override bool TryComputeLength(out long computed)
        {
            computed = length ?? 0;
            return length.HasValue;
        }
    }
}
