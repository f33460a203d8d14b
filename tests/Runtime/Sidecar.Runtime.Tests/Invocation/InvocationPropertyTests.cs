using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Invocation;
using TestSupport;

namespace Sidecar.Runtime.Tests.Invocation;

/// <summary>Paths that nobody would write: what the sidecar makes of them is safe to send on, and nothing makes it throw.</summary>
public sealed class InvocationPropertyTests
{
    private static readonly string[] Pieces =
    [
        "/", "//", ".", "..", "/../", "/./", "%2e", "%2E%2e", "%2F", "%252F", "%5C", "\\", "%", "%2", "%zz", "%00", "%0d%0a", "%23", "%3f", "%25", "#", "?", "&=", "+", "%C3%A4", "%ff", "ä", "😀", "\ud800",
        "a", "callee", "method", "/method/", "/v1.0/invoke/", "v1.0", "http://", "http%3A%2F%2F", "https:/", "host:80", "@", ";", "*", "\"", " ", "\t", "\u007f", ":", "[::1]",
    ];

    private static Gen<string> Paths => Gen.Elements(Pieces).ArrayOf().Select(string.Concat);

    [Fact]
    public void A_method_is_refused_or_comes_out_clean_and_stays_so() => Fuzz.Check(Paths, escaped =>
    {
        if (!MethodPath.TryClean(escaped, out var cleaned))
            return cleaned.Length == 0;
        Assert.True(cleaned.All(character => character is > ' ' and < '\u007f'), cleaned);
        Assert.DoesNotContain(cleaned, character => character is '#' or '?' or '\\' or '"');
        Assert.DoesNotContain(cleaned.Split('/'), segment => segment is "." or "..");
        Assert.False(cleaned.StartsWith('/') || cleaned.Contains("//", StringComparison.Ordinal), cleaned);
        // What is sent is one path of the app, and the same when it is cleaned once more.
        Assert.Equal(cleaned, MethodPath.TryClean(cleaned, out var again) ? again : null);
        return Uri.TryCreate($"http://127.0.0.1/{cleaned}", UriKind.Absolute, out _);
    });

    [Fact]
    public void A_target_is_found_or_not_and_never_empty() => Fuzz.Check(Paths, path =>
    {
        var found = InvocationTarget.From(Request($"/v1.0/invoke/{path}"));
        return found is null || found.Value.AppId.Length > 0;
    });

    [Fact]
    public void A_path_is_tidied_once_and_its_parts_are_text_or_refused() => Fuzz.Check(Paths, path =>
    {
        var tidied = RawPath.Escaped(Request($"/{path}")).ToString();
        Assert.False(tidied.Contains("//", StringComparison.Ordinal), tidied);
        Assert.Equal(tidied, RawPath.Escaped(Request(tidied)).ToString());
        for (var part = 0; part < 4; part++)
        {
            if (!RawPath.TryGetSegment(Request($"/{path}"), part, out var value))
                Assert.Equal("", value);
            RawPath.TryGetRest(Request($"/{path}"), part, out _);
        }

        return true;
    });

    private static DefaultHttpContext Request(string target)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return context;
    }
}
