using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

public sealed class RawPathTests
{
    [Theory]
    [InlineData("/v1.0/state/store/key", "key")]
    [InlineData("/v1.0/state/store/a%2Fb", "a/b")]
    [InlineData("/v1.0/state/store/a%252Fb", "a%2Fb")]
    [InlineData("/v1.0/state/store/a+b%20c%2B?x=/1/2/3/4", "a b c+")]
    [InlineData("/v1.0/state/store/%C3%A4", "ä")]
    [InlineData("//v1.0/./state//store/key/", "key")]
    [InlineData("/v1.0/state/other/../store/key", "key")]
    [InlineData("/v1.0/state/other/%2E%2e/store/key", "key")]
    [InlineData("/v1.0/state/store/.hidden", ".hidden")]
    [InlineData("http://localhost:3500/v1.0/state/store/a%2Fb", "a/b")]
    public void A_part_of_the_path_is_split_first_and_unescaped_then(string target, string expected)
    {
        Assert.True(RawPath.TryGetSegment(Request(target), 3, out var key));
        Assert.Equal(expected, key);
    }

    [Theory]
    [InlineData("/v1.0/state/store/%zz")]
    [InlineData("/v1.0/state/store/%2")]
    [InlineData("/v1.0/state/store/%")]
    [InlineData("/v1.0/state/store")]
    [InlineData("/v1.0/state/store/")]
    public void A_bad_escape_or_an_absent_part_is_refused(string target) =>
        Assert.False(RawPath.TryGetSegment(Request(target), 3, out _));

    [Theory]
    [InlineData("/v1.0/publish/broker/a/b%2Fc+d", "a/b/c d")]
    [InlineData("/v1.0/publish/broker/a//b/", "a/b/")]
    [InlineData("/v1.0/publish/broker/a/?x=/y", "a/")]
    [InlineData("http://host/v1.0/publish/broker/a", "a")]
    [InlineData("/v1.0/publish/broker/", "")]
    [InlineData("/v1.0/publish/broker//", "")]
    [InlineData("/v1.0/publish/broker", "")]
    public void The_rest_of_a_path_keeps_its_slashes_and_may_be_empty(string target, string expected)
    {
        Assert.True(RawPath.TryGetRest(Request(target), 3, out var topic));
        Assert.Equal(expected, topic);
    }

    [Fact]
    public void A_bad_escape_in_the_rest_of_a_path_is_refused() =>
        Assert.False(RawPath.TryGetRest(Request("/v1.0/publish/broker/a/%zz"), 3, out _));

    [Theory]
    [InlineData("*", "")]
    [InlineData("host:80", "")]
    [InlineData("http://host?u=/a", "")]
    [InlineData("http://host/a?u=/b", "/a")]
    [InlineData("/..//", "/")]
    [InlineData("/a//..", "/a/")]
    [InlineData("/a//../b", "/a/b")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/b/.", "/a/b/")]
    public void The_path_of_a_target_is_found_in_every_form(string target, string expected) =>
        Assert.Equal(expected, RawPath.Escaped(Request(target)).ToString());

    [Fact]
    public async Task Dots_are_resolved_as_the_web_server_resolves_them()
    {
        string[] parts = ["a", "", ".", "..", "%2e", ".%2E"];
        var paths = new List<string> { "" };
        for (var (depth, first) = (0, 0); depth < 4; depth++)
        {
            var last = paths.Count;
            for (; first < last; first++)
                paths.AddRange(parts.Select(part => $"{paths[first]}/{part}"));
        }

        var port = FreePorts.Next();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.ListenLocalhost(port));
        await using var server = builder.Build();
        server.Run(context => context.Response.WriteAsync($"{context.Request.Path} {RawPath.Escaped(context)}"));
        await server.StartAsync();
        using var connection = await RawConnection.OpenAsync(port);

        foreach (var path in paths.Skip(1))
        {
            await connection.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
            var answer = await connection.ReadAsync("GET").WithinAsync($"the answer to {path}");
            var (expected, actual) = answer!.Text.Split(' ') is [var one, var other] ? (one, other) : default;
            while (expected!.Contains("//", StringComparison.Ordinal))
                expected = expected.Replace("//", "/", StringComparison.Ordinal);
            Assert.Equal((path, expected), (path, actual));
        }
    }

    private static HttpContext Request(string target)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return context;
    }
}
