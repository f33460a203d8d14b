using Sidecar.Components;

namespace Sidecar.Components.Tests;

public sealed class GoTextTests
{
    [Theory]
    [InlineData("20s", 20_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("250ms", 250)]
    [InlineData("-2s", -2_000)]
    [InlineData("+2s", 2_000)]
    [InlineData("0", 0)]
    [InlineData("1m0.5s", 60_500)]
    [InlineData("2000us", 2)]
    [InlineData("2000µs", 2)]
    [InlineData("3000000ns", 3)]
    public void A_duration_is_read(string text, double milliseconds)
    {
        Assert.True(GoText.TryParseDuration(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("1d")]
    [InlineData("1 s")]
    [InlineData("1.2.3s")]
    [InlineData(".s")]
    [InlineData("1s2")]
    [InlineData("9999999999999h")]
    public void Anything_else_is_no_duration(string text) => Assert.False(GoText.TryParseDuration(text, out _));

    [Theory]
    [InlineData("true", true)]
    [InlineData(" YES ", true)]
    [InlineData("on", true)]
    [InlineData("1", true)]
    [InlineData("t", true)]
    [InlineData("y", true)]
    [InlineData("2", false)]
    [InlineData("false", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_the_truthy_words_are_true(string? text, bool expected) => Assert.Equal(expected, GoText.IsTruthy(text));
}
