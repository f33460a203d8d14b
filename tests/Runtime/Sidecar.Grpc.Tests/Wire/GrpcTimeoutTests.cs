namespace Sidecar.Grpc.Tests.Wire;

public sealed class GrpcTimeoutTests
{
    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3000)]
    [InlineData("4m", 4)]
    [InlineData("5000u", 5)]
    [InlineData("6000000n", 6)]
    [InlineData("0S", 0)]
    public void A_timeout_is_read(string text, int milliseconds)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(milliseconds, timeout.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("123456789S")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData(" 1S")]
    [InlineData("1.5S")]
    [InlineData("1s")]
    [InlineData("1 S")]
    public void What_is_no_timeout_is_not_read(string text) => Assert.False(GrpcTimeout.TryParse(text, out _));

    [Fact]
    public void The_largest_timeout_is_read()
    {
        Assert.True(GrpcTimeout.TryParse("99999999H", out var timeout));
        Assert.True(timeout > TimeSpan.FromDays(4_000_000));
        Assert.Equal(DateTimeOffset.MaxValue, Deadlines.After(TimeProvider.System, timeout));
    }

    [Theory]
    [InlineData(1, "1u")]
    [InlineData(10_000, "1000u")]
    [InlineData(15_000_000, "1500000u")]
    [InlineData(864_000_000_000L, "86400000m")]
    [InlineData(0, "1u")]
    [InlineData(-5, "1u")]
    [InlineData(315_360_000_000_000_000L, "31536000000m")]
    public void A_timeout_is_written_in_eight_digits_at_most(long ticks, string text)
    {
        var written = GrpcTimeout.Format(TimeSpan.FromTicks(ticks));
        Assert.True(written.Length <= 9, written);
        if (text.Length <= 9)
            Assert.Equal(text, written);
        Assert.True(GrpcTimeout.TryParse(written, out var back));
        Assert.True(back.Ticks >= ticks);
    }

    [Fact]
    public void The_longest_time_is_written() => Assert.True(GrpcTimeout.TryParse(GrpcTimeout.Format(TimeSpan.MaxValue), out _));
}
