using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>Reads the parts of a publish request that comes over HTTP.</summary>
internal static class PublishRequestReader
{
    private const string MetadataPrefix = "metadata.";

    private static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    /// <summary>
    /// Component and topic, unescaped as in a query (<c>+</c> is a blank). They are taken from the target as it was sent,
    /// because the decoded path no longer tells <c>%252F</c> from <c>%2F</c>. False when an escape is broken.
    /// </summary>
    public static bool TryReadTarget(HttpContext context, out string pubsub, out string topic)
    {
        topic = "";
        var path = EscapedPath(context);

        // /v1.0/publish/{pubsub}/{topic…}, where routing has seen to the first two segments.
        var start = path.IndexOf('/', path.IndexOf('/', 1) + 1) + 1;
        var end = path.IndexOf('/', start);
        return TryUnescape(end < 0 ? path[start..] : path[start..end], out pubsub) &&
            TryUnescape(end < 0 ? "" : path[(end + 1)..], out topic);
    }

    /// <summary>Query parameters <c>metadata.name=value</c>; of several with one name the first counts.</summary>
    public static IReadOnlyDictionary<string, string> ReadMetadata(QueryString query)
    {
        if (!query.HasValue)
            return NoMetadata;

        Dictionary<string, string>? metadata = null;
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            var name = pair.DecodeName().Span;
            if (name.StartsWith(MetadataPrefix, StringComparison.Ordinal))
                (metadata ??= new(StringComparer.OrdinalIgnoreCase)).TryAdd(name[MetadataPrefix.Length..].ToString(), pair.DecodeValue().ToString());
        }

        return metadata ?? NoMetadata;
    }

    /// <param name="maximum">In bytes; 0 = no limit.</param>
    public static async ValueTask<(ReadOnlyMemory<byte> Body, DaprError? Error)> ReadBodyAsync(HttpRequest request, long maximum)
    {
        if (maximum > 0 && request.ContentLength > maximum)
            return (default, CommonErrors.BodyRead(TooLarge(maximum)));
        try
        {
            return request.ContentLength is { } length
                ? (await ReadKnownAsync(request, (int)length).ConfigureAwait(false), null)
                : await ReadChunkedAsync(request, maximum).ConfigureAwait(false);
        }
        catch (IOException failure)
        {
            // Also BadHttpRequestException: the server's own limit, or a body that ends early.
            return (default, CommonErrors.BodyRead(failure.Message));
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadKnownAsync(HttpRequest request, int length)
    {
        if (length == 0)
            return default;

        // Not pooled: the broker may hold on to a raw payload.
        var body = GC.AllocateUninitializedArray<byte>(length);
        await request.Body.ReadExactlyAsync(body, request.HttpContext.RequestAborted).ConfigureAwait(false);
        return body;
    }

    private static async ValueTask<(ReadOnlyMemory<byte> Body, DaprError? Error)> ReadChunkedAsync(HttpRequest request, long maximum)
    {
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await request.Body.ReadAsync(body.GetMemory(), request.HttpContext.RequestAborted).ConfigureAwait(false);
            if (read == 0)
                return (body.WrittenMemory, null);
            body.Advance(read);
            if (maximum > 0 && body.WrittenCount > maximum)
                return (default, CommonErrors.BodyRead(TooLarge(maximum)));
        }
    }

    private static string TooLarge(long maximum) => $"the body is larger than the limit of {maximum} bytes (--max-body-size)";

    // The target may be in absolute form (http://host/path); outside a server there may be none.
    private static string EscapedPath(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (string.IsNullOrEmpty(target))
            return context.Request.Path.ToUriComponent();

        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target : target[..query];
        if (!path.StartsWith('/'))
            path = path[path.IndexOf('/', path.IndexOf("://", StringComparison.Ordinal) + "://".Length)..];
        return path.Contains("//", StringComparison.Ordinal) || path.Contains("/.", StringComparison.Ordinal) ? Clean(path) : path;
    }

    /// <summary>Collapses slashes and resolves <c>.</c> and <c>..</c>, as routing does before it looks at a path.</summary>
    private static string Clean(string path)
    {
        var kept = new List<string>();
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment == ".." && kept.Count > 0)
                kept.RemoveAt(kept.Count - 1);
            else if (segment is not ("." or ".."))
                kept.Add(segment);
        }

        return "/" + string.Join('/', kept) + (path.EndsWith('/') ? "/" : "");
    }

    private static bool TryUnescape(string text, out string unescaped)
    {
        unescaped = text;
        for (var at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = text.IndexOf('%', at + 1))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
                return false;
        }

        unescaped = WebUtility.UrlDecode(text);
        return true;
    }
}
