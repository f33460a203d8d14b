namespace Sidecar.Grpc.Tests.Wire;

public sealed class MetadataTests
{
    [Fact]
    public void Entries_keep_their_order_and_may_come_again()
    {
        Metadata metadata = [new("b", "1"), new("a", "2"), new("b", "3")];
        Assert.Equal(["b=1", "a=2", "b=3"], metadata.Select(entry => $"{entry.Key}={entry.Value}"));
        Assert.Equal(["1", "3"], metadata.GetAll("B").Select(entry => entry.Value));
        Assert.Equal("3", metadata.Get("b"));
    }

    [Fact]
    public void Keys_are_put_in_lower_case() => Assert.Equal("x-trace", new MetadataEntry("X-Trace", "1").Key);

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData(":path")]
    [InlineData("ümlaut")]
    [InlineData("a/b")]
    [InlineData("grpc-status")]
    [InlineData("grpc-timeout")]
    [InlineData("content-type")]
    [InlineData("te")]
    [InlineData("connection")]
    [InlineData("text-bin")]
    public void A_key_that_cannot_carry_a_text_is_refused(string key) => Assert.ThrowsAny<ArgumentException>(() => new MetadataEntry(key, "value"));

    [Theory]
    [InlineData("line\nbreak")]
    [InlineData("é")]
    [InlineData("\0")]
    [InlineData("\u007f")]
    public void A_text_that_is_not_printable_ascii_is_refused(string value) => Assert.Throws<ArgumentException>(() => new MetadataEntry("key", value));

    [Fact]
    public void Bytes_need_a_key_that_ends_in_bin() => Assert.Throws<ArgumentException>(() => new MetadataEntry("key", [1]));

    [Fact]
    public void Other_grpc_keys_are_metadata() => Assert.Equal([0, 1], new MetadataEntry("grpc-trace-bin", [0, 1]).Bytes!);

    [Theory]
    [InlineData("AQID", new byte[] { 1, 2, 3 })]
    [InlineData("AQ", new byte[] { 1 })]
    [InlineData("AQ==", new byte[] { 1 })]
    [InlineData("AQI", new byte[] { 1, 2 })]
    [InlineData("AQI=", new byte[] { 1, 2 })]
    [InlineData("", new byte[0])]
    public void Base64_is_read_with_or_without_padding(string text, byte[] expected)
    {
        var metadata = new Metadata();
        metadata.AddReceived("key-bin", text);
        Assert.Equal(expected, metadata.GetBytes("key-bin"));
    }

    [Fact]
    public void Joined_binary_values_are_taken_apart_and_texts_are_not()
    {
        var metadata = new Metadata();
        metadata.AddReceived("key-bin", "AQ==,AgM, BA");
        metadata.AddReceived("key", "a,b");
        Assert.Equal(["01", "0203", "04"], metadata.GetAll("key-bin").Select(entry => Convert.ToHexString(entry.Bytes!)));
        Assert.Equal("a,b", metadata.Get("key"));
    }

    [Fact]
    public void What_is_received_and_is_no_metadata_is_passed_over()
    {
        var metadata = new Metadata();
        metadata.AddReceived(":path", "/");
        metadata.AddReceived("Content-Type", "application/grpc");
        metadata.AddReceived("grpc-encoding", "gzip");
        metadata.AddReceived("key-bin", "!!!");
        metadata.AddReceived("key-bin", "A");
        Assert.Empty(metadata);
    }

    [Fact]
    public void Any_bytes_survive_the_header()
    {
        for (var length = 0; length < 64; length++)
        {
            var bytes = new byte[length];
            Random.Shared.NextBytes(bytes);
            var text = BinaryHeader.Encode(bytes);
            Assert.DoesNotContain('=', text);
            Assert.True(BinaryHeader.TryDecode(text, out var back));
            Assert.Equal(bytes, back);
        }
    }
}
