using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using TestSupport;

namespace Sidecar.Grpc.Tests.Wire;

public sealed class StatusTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("50% off", "50%25 off")]
    [InlineData("two\nlines", "two%0Alines")]
    [InlineData("grüße ☃ 😀", "gr%C3%BC%C3%9Fe %E2%98%83 %F0%9F%98%80")]
    public void A_message_is_percent_encoded(string text, string encoded)
    {
        Assert.Equal(encoded, PercentEncoding.Encode(text));
        Assert.Equal(text, PercentEncoding.Decode(encoded));
    }

    [Theory]
    [InlineData("100%", "100%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz", "%zz")]
    [InlineData("%e2%98%83", "☃")]
    [InlineData("%FF", "\ufffd")]
    public void A_message_that_is_encoded_badly_is_kept(string encoded, string text) => Assert.Equal(text, PercentEncoding.Decode(encoded));

    [Fact]
    public void Every_message_survives_the_header() =>
        Fuzz.Check(ArbMap.Default.GeneratorFor<string>(), text =>
        {
            // What is no text at all (half a surrogate pair) becomes the replacement character, as everywhere in UTF-8.
            var expected = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text ?? ""));
            return PercentEncoding.Decode(PercentEncoding.Encode(text ?? "")) == expected;
        });

    [Fact]
    public void Details_survive_the_header_and_unknown_ones_too()
    {
        var unknown = new Any { TypeUrl = "type.googleapis.com/some.Unknown", Value = ByteString.CopyFromUtf8("x") };
        var status = new GrpcStatus(StatusCode.NotFound, "none", new ErrorInfo { Reason = "R" }, unknown, new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)) });
        var back = StatusHeaders.Read("5", "none", StatusHeaders.DetailsOf(status));
        Assert.Equal(status.Details, back.Details);
        Assert.Equal("R", back.Detail<ErrorInfo>()?.Reason);
        Assert.Equal(2, back.Detail<RetryInfo>()?.RetryDelay.Seconds);
        Assert.Null(back.Detail<Help>());
    }

    [Theory]
    [InlineData("0", StatusCode.OK)]
    [InlineData("16", StatusCode.Unauthenticated)]
    [InlineData("17", StatusCode.Unknown)]
    [InlineData("-1", StatusCode.Unknown)]
    [InlineData("", StatusCode.Unknown)]
    [InlineData("five", StatusCode.Unknown)]
    public void A_number_that_is_no_code_counts_as_unknown(string number, StatusCode code) =>
        Assert.Equal(code, StatusHeaders.Read(number, null, "not base64!").Code);

    [Theory]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(429, StatusCode.Unavailable)]
    [InlineData(502, StatusCode.Unavailable)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.Unavailable)]
    [InlineData(200, StatusCode.Unknown)]
    [InlineData(500, StatusCode.Unknown)]
    public void A_status_of_http_has_a_code(int http, StatusCode code) => Assert.Equal(code, StatusMapping.FromHttpStatus(http));

    [Theory]
    [InlineData(0x1, StatusCode.Internal)]
    [InlineData(0x7, StatusCode.Unavailable)]
    [InlineData(0x8, StatusCode.Cancelled)]
    [InlineData(0xb, StatusCode.ResourceExhausted)]
    [InlineData(0xc, StatusCode.PermissionDenied)]
    public void An_error_of_http2_has_a_code(int error, StatusCode code) => Assert.Equal(code, StatusMapping.FromHttp2Error(error));
}
