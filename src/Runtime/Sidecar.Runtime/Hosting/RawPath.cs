using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Path parameters as Dapr reads them: the path is split while it is still escaped, then each part is query-unescaped
/// (<c>%2F</c> is a slash inside the part, <c>+</c> a blank). Route values of the web server do not serve: it decodes
/// everything but the slash, so <c>%2F</c> and <c>%252F</c> look alike there.
/// </summary>
internal static class RawPath
{
    private static readonly SearchValues<string> Untidy =
        SearchValues.Create(["//", "/.", "/%2e"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The part at <paramref name="index"/>: 0 is <c>v1.0</c>. False if it is badly escaped, or not there.</summary>
    public static bool TryGetSegment(HttpContext context, int index, out string value)
    {
        var path = Escaped(context);
        if (TrySkip(ref path, index) && !path.IsEmpty)
        {
            var end = path.IndexOf('/');
            return TryUnescape(end < 0 ? path : path[..end], out value);
        }

        value = "";
        return false;
    }

    /// <summary>
    /// All from the part at <paramref name="index"/> to the end of the path, slashes included; empty if the path ends before.
    /// False if it is badly escaped.
    /// </summary>
    public static bool TryGetRest(HttpContext context, int index, out string value)
    {
        var path = Escaped(context);
        return TryUnescape(TrySkip(ref path, index) ? path : [], out value);
    }

    /// <summary>
    /// The escaped path without query, with the parts of the path that routing saw: <c>.</c> and <c>..</c> are resolved as the web server
    /// resolves them, and then doubled slashes are one. Begins with a slash, unless the request names no path at all (<c>OPTIONS *</c>).
    /// </summary>
    public static ReadOnlySpan<char> Escaped(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        // Outside a server there is no raw target, and the decoded path is the best there is.
        var path = string.IsNullOrEmpty(target) ? context.Request.Path.ToUriComponent() : target.AsSpan();
        var query = path.IndexOf('?');
        path = WithoutAuthority(query < 0 ? path : path[..query]);
        return path.ContainsAny(Untidy) ? Tidy(path) : path;
    }

    /// <summary>The answer to a parameter that cannot be unescaped: 400 in plain text, unlike every other failure.</summary>
    public static Task WriteBadEscapeAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("a path parameter holds an invalid URL escape\n", context.RequestAborted);
    }

    /// <summary>Undoes query escaping; false if a <c>%</c> is not followed by two hexadecimal digits.</summary>
    public static bool TryUnescape(ReadOnlySpan<char> text, out string value)
    {
        if (text.IndexOfAny('%', '+') < 0)
        {
            value = new string(text);
            return true;
        }

        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var escapesAreGood = TryUnescape(text, rented, out var length);
        value = escapesAreGood ? Encoding.UTF8.GetString(rented, 0, length) : "";
        ArrayPool<byte>.Shared.Return(rented);
        return escapesAreGood;
    }

    private static bool TryUnescape(ReadOnlySpan<char> text, Span<byte> bytes, out int length)
    {
        length = 0;
        while (!text.IsEmpty)
        {
            if (text[0] == '%')
            {
                if (text.Length < 3 || !char.IsAsciiHexDigit(text[1]) || !char.IsAsciiHexDigit(text[2]))
                    return false;
                bytes[length++] = byte.Parse(text[1..3], System.Globalization.NumberStyles.AllowHexSpecifier, null);
                text = text[3..];
                continue;
            }

            if (text[0] == '+')
            {
                bytes[length++] = (byte)' ';
                text = text[1..];
                continue;
            }

            var plain = text.IndexOfAny('%', '+');
            plain = plain < 0 ? text.Length : plain;
            length += Encoding.UTF8.GetBytes(text[..plain], bytes[length..]);
            text = text[plain..];
        }

        return true;
    }

    /// <summary>A proxy's request names the whole address: <c>http://host/path</c>.</summary>
    private static ReadOnlySpan<char> WithoutAuthority(ReadOnlySpan<char> target)
    {
        if (target is ['/', ..])
            return target;
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        var rest = target[(scheme < 0 ? 0 : scheme + 3)..];
        var path = rest.IndexOf('/');
        return path < 0 ? [] : rest[path..];
    }

    private static bool TrySkip(ref ReadOnlySpan<char> path, int segments)
    {
        path = path is ['/', ..] ? path[1..] : path;
        for (var skipped = 0; skipped < segments; skipped++)
        {
            var slash = path.IndexOf('/');
            if (slash < 0)
                return false;
            path = path[(slash + 1)..];
        }

        return true;
    }

    private static string Tidy(ReadOnlySpan<char> path)
    {
        // An empty part is one that ".." takes away (RFC 3986, section 5.2.4), and dots at the end leave a slash behind.
        var kept = new List<string>();
        var endsWithSlash = false;
        path = path[1..];
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            var isParent = IsDots(segment, 2);
            if (isParent && kept.Count > 0)
                kept.RemoveAt(kept.Count - 1);
            endsWithSlash = segment.IsEmpty || isParent || IsDots(segment, 1);
            if (segment.IsEmpty || !endsWithSlash)
                kept.Add(new string(segment));
        }

        // The last slash is part of a topic's name, and means something to an app's router.
        kept.RemoveAll(segment => segment.Length == 0);
        return kept.Count == 0 ? "/" : $"/{string.Join('/', kept)}{(endsWithSlash ? "/" : "")}";
    }

    private static bool IsDots(ReadOnlySpan<char> segment, int count)
    {
        for (; count > 0; count--)
        {
            if (segment is ['.', ..])
                segment = segment[1..];
            else if (segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase))
                segment = segment[3..];
            else
                return false;
        }

        return segment.IsEmpty;
    }
}
