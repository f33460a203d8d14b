using System.Runtime.InteropServices;
using Sidecar.Components.Bindings;

namespace Sidecar.Components.Http;

/// <summary>The request that a call of <c>bindings.http</c> becomes (contract section 6.11).</summary>
internal static class HttpBindingRequest
{
    private const string DefaultType = "application/json; charset=utf-8";

    // Metadata of these names override headers, whatever else was said.
    private static readonly string[] TraceHeaders = ["traceparent", "tracestate", "baggage"];

    // Go's client writes these itself.
    private static readonly string[] NotSet = ["Host", "Content-Length", "Transfer-Encoding", "Trailer"];

    /// <exception cref="ComponentException">A part of the metadata cannot be sent.</exception>
    public static HttpRequestMessage Build(HttpBindingOptions options, HttpMethod verb, BindingRequest request)
    {
        var message = new HttpRequestMessage(verb, Address(options.Url, request.Metadata.GetValueOrDefault("path")));
        if (verb == HttpMethod.Post || verb == HttpMethod.Put || verb == HttpMethod.Patch)
        {
            message.Content = ToContent(request.Data);
            Set(message, "Content-Type", DefaultType);
        }

        Set(message, "Accept", DefaultType);
        foreach (var (name, value) in request.Metadata)
        {
            if (name.Length > 0 && char.IsAsciiLetterUpper(name[0]))
                Set(message, name, value);
        }

        foreach (var name in TraceHeaders)
        {
            if (request.Metadata.TryGetValue(name, out var value) && value.Length > 0)
                Set(message, name, value);
        }

        if (options.SecurityHeader is { } security)
            Set(message, security.Key, security.Value);
        return message;
    }

    private static Uri Address(string url, string? path)
    {
        var text = string.IsNullOrEmpty(path) ? url : $"{url.TrimEnd('/')}/{path.TrimStart('/')}";
        return Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : throw new ComponentException($"'{text}' is not a URL");
    }

    // An array, so that a redirect can send it once more.
    private static ByteArrayContent ToContent(ReadOnlyMemory<byte> data) => MemoryMarshal.TryGetArray(data, out var segment)
        ? new ByteArrayContent(segment.Array!, segment.Offset, segment.Count)
        : new ByteArrayContent(data.ToArray());

    private static void Set(HttpRequestMessage message, string name, string value)
    {
        if (NotSet.Contains(name, StringComparer.OrdinalIgnoreCase))
            return;
        if (!GoHeaders.IsName(name) || !GoHeaders.IsValue(value))
            throw new ComponentException($"metadata '{name}' cannot be sent as a header");
        RequestHeaders.Set(message, name, value);
    }
}
