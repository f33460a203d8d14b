using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>Which headers pass a hop (contract 2.4; RFC 9110, section 7.6.1).</summary>
internal static class HeaderRules
{
    public const string CallerAppId = InvocationWire.CallerAppId;
    public const string CalleeAppId = "dapr-callee-app-id";
    public const string CallerNamespace = "dapr-caller-namespace";

    private static readonly string[] HopByHop =
    [
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate",
    ];

    /// <summary>Not for the next hop: Host names this one, Content-Length is set from the body, Expect was answered here, and the rest is between the caller and its sidecar.</summary>
    private static readonly string[] OfThisHop = ["Host", "Content-Length", "Expect", InvocationTarget.AppIdHeader, Security.ApiTokenCheck.Header, InvocationWire.Invocation];

    /// <summary>gRPC's own on a call: its messages and its time are told to the app anew.</summary>
    private static readonly string[] OfGrpc = ["Content-Type", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", BinaryTrace.Key];

    // One look per header, so every rule is a set of its own.
    private static readonly FrozenSet<string> NotPassed = Names([.. HopByHop, .. OfThisHop]);
    private static readonly FrozenSet<string> NotBegun = Names([.. NotPassed, CallerAppId, CalleeAppId, CallerNamespace, TraceContext.ParentHeader, TraceContext.StateHeader]);
    private static readonly FrozenSet<string> NotBegunByGrpc = Names([.. NotBegun, .. OfGrpc]);
    private static readonly FrozenSet<string> NotAnswered = Names([.. HopByHop, "Content-Length", InvocationTarget.AppIdHeader]);

    /// <summary>From the caller to its sidecar's next hop. What that sidecar says itself (who calls, in which trace) is not copied.</summary>
    public static void BeginRequest(IHeaderDictionary from, HttpRequestMessage to) => Copy(from, to, NotBegun);

    /// <summary>Likewise from a caller by gRPC, whose metadata they are. The content has a type of its own.</summary>
    public static void BeginGrpcRequest(IHeaderDictionary from, string contentType, HttpRequestMessage to)
    {
        Copy(from, to, NotBegunByGrpc);
        if (from.Host is [{ Length: > 0 } authority, ..])
            to.Headers.TryAddWithoutValidation("dapr-authority", authority);
        if (contentType.Length > 0)
            (to.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation("Content-Type", contentType);
    }

    /// <summary>Whether a header of an app's response passes.</summary>
    public static bool IsAnswered(string name) => !NotAnswered.Contains(name);

    /// <summary>A certificate says who calls, whatever the headers say; null = there is none.</summary>
    public static void Identify(IHeaderDictionary headers, Security.PeerIdentity? caller)
    {
        if (caller is not null)
            (headers[CallerAppId], headers[CallerNamespace]) = (caller.AppId, caller.Namespace);
    }

    /// <summary>From the caller's sidecar to the app: all of it is for the app.</summary>
    public static void PassRequest(IHeaderDictionary from, HttpRequestMessage to) => Copy(from, to, NotPassed);

    /// <summary>Copies all but the hop-by-hop headers and the app's Content-Length, which may be stale: the server frames the reply anew.</summary>
    /// <exception cref="HttpRequestException">The response gives several lengths, so that nobody can tell where it ends (RFC 9112, section 6.3).</exception>
    public static void CopyResponse(HttpResponseMessage from, IHeaderDictionary to)
    {
        var listed = from.Headers.NonValidated.TryGetValues("Connection", out var connection) ? connection.ToString() : null;
        Copy(from.Headers.NonValidated, listed, to);
        Copy(from.Content.Headers.NonValidated, listed, to);
    }

    private static FrozenSet<string> Names(string[] names) => names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static void Copy(IHeaderDictionary from, HttpRequestMessage to, FrozenSet<string> without)
    {
        var listed = from.Connection;
        foreach (var (name, values) in from)
        {
            if (name.StartsWith(':') || without.Contains(name) || (listed.Count > 0 && IsListed(listed, name)))
                continue;
            if (values.Count == 1 ? to.Headers.TryAddWithoutValidation(name, values[0]) : to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                continue;
            // Last-Modified, Content-Language and the like: the client takes them with a body alone, even an empty one.
            to.Content ??= new ByteArrayContent([]);
            to.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
    }

    private static void Copy(HttpHeadersNonValidated headers, string? listed, IHeaderDictionary to)
    {
        foreach (var (name, values) in headers)
        {
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                RefuseSeveral(values);
                continue;
            }

            if (NotAnswered.Contains(name) || (listed is not null && IsListed(listed, name)))
                continue;
            to.Append(name, values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]));
        }
    }

    private static void RefuseSeveral(HeaderStringValues lengths)
    {
        if (lengths.Count < 2)
            return;
        string? first = null;
        foreach (var length in lengths)
        {
            if (!length.Equals(first ??= length, StringComparison.Ordinal))
                throw new HttpRequestException($"the app answered with several lengths: {lengths}");
        }
    }

    private static bool IsListed(StringValues connection, string name)
    {
        foreach (var line in connection)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (line.AsSpan()[range].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }
}
