using System.Collections.ObjectModel;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Sidecar.Runtime.Hosting;

/// <summary>Request metadata from the query string: <c>metadata.ttlInSeconds=3</c>.</summary>
internal static class RequestMetadata
{
    private const string Prefix = "metadata.";

    /// <summary>Names keep their case; of several values under one name the first counts.</summary>
    public static IReadOnlyDictionary<string, string> FromQuery(HttpRequest request)
    {
        if (!request.QueryString.HasValue)
            return ReadOnlyDictionary<string, string>.Empty;

        Dictionary<string, string>? metadata = null;
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            var name = pair.DecodeName().Span;
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
                continue;
            metadata ??= new Dictionary<string, string>(StringComparer.Ordinal);
            metadata.TryAdd(new string(name[Prefix.Length..]), new string(pair.DecodeValue().Span));
        }

        return metadata is null ? ReadOnlyDictionary<string, string>.Empty : metadata;
    }
}
