using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Tests.State;

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

    [Fact]
    public void The_rest_of_a_path_keeps_its_slashes()
    {
        Assert.True(RawPath.TryGetRest(Request("/v1.0/publish/broker/a/b%2Fc+d"), 3, out var topic));
        Assert.Equal("a/b/c d", topic);
    }

    private static HttpContext Request(string target)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return context;
    }
}
