using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Sidecar.Grpc;

/// <summary>Which headers pass: all but those of a hop. Of <c>te</c>, HTTP/2 has <c>trailers</c> alone, and gRPC wants it (RFC 9113, section 8.2.2).</summary>
internal static class ForwardedHeaders
{
    private static readonly FrozenSet<string> OfThisHop = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "host",
        "content-length",
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade");

    public static void CopyRequest(IHeaderDictionary from, HttpRequestMessage to)
    {
        foreach (var (name, values) in from)
        {
            if (name.StartsWith(':') || OfThisHop.Contains(name))
                continue;
            for (var at = 0; at < values.Count; at++)
            {
                if (!to.Headers.TryAddWithoutValidation(name, values[at]))
                    to.Content!.Headers.TryAddWithoutValidation(name, values[at]);
            }
        }
    }

    public static void CopyResponse(HttpResponseMessage from, IHeaderDictionary to)
    {
        Copy(from.Headers.NonValidated, to);
        Copy(from.Content.Headers.NonValidated, to);
    }

    public static void CopyTrailers(HttpResponseMessage from, IHeaderDictionary to) => Copy(from.TrailingHeaders.NonValidated, to);

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from)
        {
            if (!OfThisHop.Contains(name))
                to.Append(name, values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]));
        }
    }
}
