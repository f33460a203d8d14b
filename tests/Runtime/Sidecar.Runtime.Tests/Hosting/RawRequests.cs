using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Runtime.Tests.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

internal enum RawForm
{
    /// <summary>Its end is where it says, so that its connection can take the next one.</summary>
    Whole,

    /// <summary>On a connection of its own, with enough behind it for whoever waits for more: it is answered too.</summary>
    Alone,

    /// <summary>With wounds anywhere. There may be nothing to answer.</summary>
    Torn,
}

internal sealed record RawRequest(RawForm Form, byte[] Bytes)
{
    public string Verb => Encoding.Latin1.GetString(Bytes).TrimStart().Split(' ')[0];

    public override string ToString() => $"{Form} {Printing.Of(Bytes)}";
}

/// <summary>Requests for every route of the API and for none.</summary>
internal static class RawRequests
{
    private static readonly string[] Targets =
    [
        "/v1.0/invoke/me/method/x", "/v1.0/invoke/me/method/", "/v1.0/invoke/me/method", "/v1.0/invoke//method/x", "/v1.0/invoke/http://127.0.0.1:1/method/x", "/v1.0/invoke/http:///method/x",
        "/v1.0/invoke/nobody.a.b/method/x", "/v1.0/state/s/k", "/v1.0/state/s", "/v1.0/publish/p/t", "/v1.0/secrets/s/k", "/v1.0/metadata", "/v1.0/metadata/k", "/v1.0/healthz?appid=me", "/v1.0/healthz?appid=%",
        "/", "//", "*", "/%", "/%2", "/%zz", "/a%2F..%2Fb", "/v1.0/metadata/%zz", "/?", "/?a=%zz&metadata.=1", "http://other/v1.0/metadata", "/\u00e9", "/\"<>", "/v1.0/invoke/me/method/%2e%2e/%2e%2e/x", "/..", "/v1.0/../v1.0/metadata",
    ];

    private static readonly string[] Verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND", "get", "X"];

    private static readonly string[] Headers =
    [
        "", "dapr-app-id: me", "dapr-app-id: nobody", "dapr-app-id:", "dapr-app-id: http://", "dapr-app-id: \u00ff", "Authorization: Basic", "Authorization: Basic !!!", "Authorization: Basic ZGFwci1hcHAtaWQ6",
        "Connection: close, x-a, ,", "Connection: upgrade\r\nUpgrade: h2c", "Content-Length: 0", "Content-Length: 3\r\n\r\nabc", "Content-Length: -1", "Content-Length: 3\r\nContent-Length: 4", "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "Transfer-Encoding: gzip", "traceparent: 00-zz", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: \u00e9",
        "baggage: =", "baggage: a=b;c", "Host: a b", "X-A: \u0001", "X-A: \u00e9\u00ff", "X A: b", ": b", "X-Long: " + "aaaaaaaaaa", "Expect: 100-continue", "Expect: x", "dapr-caller-app-id: x\r\ndapr-callee-app-id: y", "metadata.x: 1", "Accept: text/event-stream",
    ];

    private static readonly (string Verb, string Target, string Body)[] Good =
    [
        ("GET", "/v1.0/state/store/k", ""), ("DELETE", "/v1.0/state/store/k", ""), ("POST", "/v1.0/state/store", """[{"key":"k","value":{"a":[1,"é"]},"etag":"v1","metadata":{"ttlInSeconds":"3"},"options":{"concurrency":"first-write"}}]"""),
        ("PUT", "/v1.0/state/store/bulk", """{"keys":["k","l"],"parallelism":2}"""), ("POST", "/v1.0/state/store/transaction", """{"operations":[{"operation":"upsert","request":{"key":"k","value":1}},{"operation":"delete","request":{"key":"l"}}]}"""),
        ("POST", "/v1.0-alpha1/state/store/query", """{"filter":{"EQ":{"a":"b"}},"page":{"limit":1}}"""), ("POST", "/v1.0/publish/pubsub/orders?metadata.ttlInSeconds=3", """{"a":1}"""),
        ("POST", "/v1.0/publish/pubsub/orders?metadata.rawPayload=true", "x"), ("POST", "/v1.0/publish/bulk/pubsub/orders", """[{"entryId":"1","event":{"a":1},"contentType":"application/json","metadata":{"a":"b"}}]"""),
        ("POST", "/v1.0-alpha1/publish/bulk/pubsub/orders", """[{"entryId":"1","event":"AAEC","contentType":"application/octet-stream"}]"""), ("GET", "/v1.0/secrets/vault/k?metadata.version_id=1", ""), ("GET", "/v1.0/secrets/vault/bulk", ""),
        ("POST", "/v1.0/bindings/none", """{"operation":"create","data":{"a":1},"metadata":{"a":"b"}}"""), ("GET", "/v1.0/metadata", ""), ("PUT", "/v1.0/metadata/k", "value"), ("GET", "/v1.0/healthz", ""), ("GET", "/v1.0/healthz/outbound", ""),
        ("POST", "/v1.0/invoke/me/method/x", """{"a":1}"""), ("GET", "/v1.0/invoke/me/method/a/b?c=d", ""), ("GET", "/v1.0/invoke/nobody/method/x", ""),
    ];

    private static readonly string[] PathWounds =
    [
        "/", "//", ".", "..", "/../", "%2e", "%252e%252e", "%2F", "%252F", "%00", "%0d%0a", "%", "%zz", "%ff", "%C3%A4", "\u00e9", "?", "#", "&metadata.=", "=", "\0", "\\", "\"", "||", ":", "@", ";", "*", " ", "\t", "store", "k",
    ];

    private static readonly string[] Harmless =
    [
        "Accept: text/event-stream", "traceparent: 00-zz", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=b", "baggage: a=b;c", "X-A: 1\r\nX-A: 2", "Cookie: a=b; c", "dapr-app-id: nobody",
        "If-Match: v1", "If-Match: \"\"", "Content-Type: application/json", "Content-Type: application/cloudevents+json", "Content-Type: application/octet-stream", "Content-Type: /", "Content-Type: text/plain; charset=utf-7", "Content-Encoding: gzip",
        "metadata.rawPayload: true", "Range: bytes=0-", "Origin: http://x", "dapr-api-token: x", "grpc-timeout: 1S", "X-Empty:", "Authorization: Basic ZGFwci1hcHAtaWQ6bWU=",
    ];

    private static readonly string[] RequestWounds =
    [
        "\r\n", "\r", "\n", "\r\n\r\n", ":", " ", "\0", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "Content-Length: 3\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\n", "transfer-encoding: chunked, identity\r\n", "3\r\nabc\r\n", "ffffffffffffffff\r\n", "0\r\n\r\n", "Host: h\r\n", "Expect: 100-continue\r\n", "Connection: upgrade\r\n", "\u00ff", "\u0080",
    ];

    public static Gen<RawRequest> All { get; } = Gen.Frequency(
        (6, Whole().Select(bytes => new RawRequest(RawForm.Whole, bytes))),
        (2, Alone().Select(bytes => new RawRequest(RawForm.Alone, bytes))),
        (2, Wounds.Of(Whole(), [.. RequestWounds.Select(Encoding.Latin1.GetBytes)]).Where(bytes => !Encoding.Latin1.GetString(bytes).Contains("shutdown", StringComparison.OrdinalIgnoreCase)).Select(bytes => new RawRequest(RawForm.Torn, bytes))));

    /// <summary>Smaller ones, whose ends cannot be told any more.</summary>
    public static IEnumerable<RawRequest> Smaller(RawRequest request) => Shrinking.Parts(request.Bytes).Select(part => new RawRequest(RawForm.Torn, part));

    private static Gen<byte[]> Whole()
    {
        var path = Gen.Elements(Good).Select(good => good.Target);
        var wounded = Wounds.Of(path, PathWounds).Select(target => target.ReplaceLineEndings("x"));
        var body = from text in Gen.OneOf(Wounds.Of(Gen.Elements(Good).Select(good => good.Body), "{", "}", "[", "]", ",", ":", "\"", "\\", "\\ud800", "null", "1e400", "-0", "\0", "\n", "é"), GeneratedJson.Json(3)) select text;
        var parts = Gen.Frequency(
            (4, from good in Gen.Elements(Good) from other in body select (good.Verb, good.Target, good.Body.Length == 0 ? "" : other)),
            (4, from good in Gen.Elements(Good) from target in wounded select (good.Verb, target, good.Body)),
            (2, from verb in Gen.Elements(Verbs) from target in Gen.OneOf(wounded, Gen.Elements(Targets)) from other in Gen.OneOf(Gen.Constant(""), body) select (verb, target, other)));
        return from request in parts
               from headers in Gen.Choose(0, 3).SelectMany(count => Gen.Elements(Harmless).ArrayOf(count))
               from length in Gen.Frequency((200, Gen.Constant("")), (1, Gen.Choose(3000, 30_000).Select(length => new string('a', length))))
               from isLongHeader in Gen.Elements(true, false)
               select Joined(request, [.. headers, .. length.Length > 0 && isLongHeader ? [$"X-Long: {length}"] : Array.Empty<string>()], isLongHeader ? "" : length);
    }

    private static byte[] Joined((string Verb, string Target, string Body) request, string[] headers, string suffix)
    {
        var body = Encoding.UTF8.GetBytes(request.Body);
        var lines = string.Concat(headers.Select(header => $"{header}\r\n"));
        var head = string.Create(CultureInfo.InvariantCulture, $"{request.Verb} {request.Target}{suffix} HTTP/1.1\r\nHost: h\r\n{lines}Content-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.Latin1.GetBytes(head), .. body];
    }

    private static Gen<byte[]> Alone() =>
        from verb in Gen.Elements(Verbs)
        from target in Gen.Elements(Targets)
        from first in Gen.Elements(Headers)
        from second in Gen.Elements(Headers)
        select Encoding.Latin1.GetBytes($"{verb} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{first}{(first.Length > 0 ? "\r\n" : "")}{second}{(second.Length > 0 ? "\r\n" : "")}\r\nzz\r\n\r\n");
}
