using System.Collections.Frozen;
using System.Net.Http.Headers;
using Sidecar.Grpc;
using Sidecar.Runtime.Telemetry;
using GrpcMetadata = Sidecar.Grpc.Metadata;

namespace Sidecar.Runtime.AppChannel;

/// <summary>HTTP headers as gRPC metadata and back (contract 2.4 and 3.3). What cannot be said in the other's form is left out.</summary>
internal static class MetadataRules
{
    private const string Prefix = "dapr-";
    private const string BinarySuffix = "-bin";
    private const string GrpcPrefix = "grpc-";

    /// <summary>Permanent in IANA's registry of message headers; to gRPC they might mean something else.</summary>
    private static readonly FrozenSet<string> Permanent = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "accept", "accept-charset", "accept-language", "accept-ranges", "authorization", "cache-control", "content-type", "cookie", "date", "expect", "from", "host",
        "if-match", "if-modified-since", "if-none-match", "if-schedule-tag-match", "if-unmodified-since", "max-forwards", "origin", "pragma", "referer", "user-agent", "via", "warning");

    /// <summary>Said otherwise: the trace in both its forms, the token by the channel.</summary>
    private static readonly FrozenSet<string> NotForApp = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, BinaryTrace.Key, Security.ApiTokenCheck.Header, "content-length");

    /// <summary>The headers of an invocation, for an app that speaks gRPC.</summary>
    public static GrpcMetadata ForApp(HttpRequestMessage request)
    {
        var metadata = new GrpcMetadata();
        var isFromHttp = request is not GrpcInvocation;
        foreach (var (name, values) in request.Headers.NonValidated)
            Add(metadata, name, values, isFromHttp);
        if (isFromHttp)
            AddOfHttp(metadata, request);
        if (request.Headers.NonValidated.TryGetValues(TraceContext.ParentHeader, out var trace) && trace.ToString() is var parent && TraceContext.IsWellFormed(parent))
            metadata.Add(BinaryTrace.Key, BinaryTrace.Of(parent));
        return metadata;
    }

    /// <summary>The headers of an app's HTTP response, for a caller by gRPC.</summary>
    public static void AddResponse(GrpcMetadata metadata, HttpHeaders headers, Func<string, bool> passes)
    {
        foreach (var (name, values) in headers.NonValidated)
        {
            if (passes(name))
                Add(metadata, name, values, isFromHttp: true);
        }
    }

    /// <summary>Adds a text unless it has a character that metadata cannot have.</summary>
    public static void TryAdd(GrpcMetadata metadata, string key, string value)
    {
        if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            metadata.Add(key, value);
    }

    /// <summary>The metadata of an app's response, for a caller by HTTP.</summary>
    public static void AddTo(HttpResponseMessage response, GrpcMetadata metadata)
    {
        foreach (var entry in metadata)
        {
            if (entry.Value is { } value)
                response.Headers.TryAddWithoutValidation(NameForHttp(entry.Key), value);
        }
    }

    /// <summary>Makes the metadata of a caller by gRPC the headers of a request to an app that speaks HTTP.</summary>
    public static void ToHttp(HttpRequestMessage request)
    {
        List<KeyValuePair<string, string>>? renamed = null;
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (IsBinary(name) || name.StartsWith(GrpcPrefix, StringComparison.OrdinalIgnoreCase))
                (renamed ??= []).Add(new(name, values.ToString()));
        }

        foreach (var (name, value) in renamed ?? [])
        {
            request.Headers.Remove(name);
            if (!IsBinary(name))
                request.Headers.TryAddWithoutValidation(NameForHttp(name), value);
        }
    }

    private static void AddOfHttp(GrpcMetadata metadata, HttpRequestMessage request)
    {
        if (request.Content is { } content)
        {
            foreach (var (name, values) in content.Headers.NonValidated)
                Add(metadata, name, values, isFromHttp: true);
        }

        // Host itself names the next hop by now.
        if (request.Headers.NonValidated.TryGetValues("X-Forwarded-Host", out var host))
            Add(metadata, "host", host, isFromHttp: true);
    }

    private static void Add(GrpcMetadata metadata, string name, HeaderStringValues values, bool isFromHttp)
    {
        if (NotForApp.Contains(name))
            return;
        var key = isFromHttp && Permanent.Contains(name) ? Prefix + name.ToLowerInvariant() : name.ToLowerInvariant();
        if (!IsKey(key) || GrpcMetadata.IsReserved(key))
            return;
        foreach (var value in values)
        {
            if (IsBinary(key))
                AddBinary(metadata, key, value);
            else
                TryAdd(metadata, key, value);
        }
    }

    private static void AddBinary(GrpcMetadata metadata, string key, string value)
    {
        var digits = value.Trim().TrimEnd('=');
        var bytes = new byte[digits.Length];
        if (Convert.TryFromBase64String(digits.PadRight((digits.Length + 3) / 4 * 4, '='), bytes, out var length))
            metadata.Add(key, bytes[..length]);
    }

    private static string NameForHttp(string key) => key.StartsWith(GrpcPrefix, StringComparison.OrdinalIgnoreCase) ? Prefix + key : key;

    private static bool IsBinary(string name) => name.EndsWith(BinarySuffix, StringComparison.OrdinalIgnoreCase);

    private static bool IsKey(string key)
    {
        foreach (var character in key)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('_' or '-' or '.'))
                return false;
        }

        return key.Length > 0;
    }
}
