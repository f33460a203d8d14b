using System.Text;
using Sidecar.Components.Redis;

namespace Sidecar.Components.Tests.Redis;

/// <summary>How Dapr writes JSON into Redis (contract 6.2).</summary>
public sealed class RedisJsonTests
{
    [Theory]
    [InlineData("3.14159265", "3.141593")]
    [InlineData("-3.14159265", "-3.141593")]
    [InlineData("0.5", "0.5")]
    [InlineData("1.10", "1.1")]
    [InlineData("1e-7", "0")]
    [InlineData("1e2", "100")]
    [InlineData("123456789", "123456789")]
    [InlineData("83886080.123456789", "83886080.123456789")]
    [InlineData("1e+21", "1e+21")]
    [InlineData("\"3.14159265 \\\" 2.7182818\"", "\"3.14159265 \\\" 2.7182818\"")]
    [InlineData("""{"a":[1.00000049,true,null,-0.25],"1.2345678":"e"}""", """{"a":[1,true,null,-0.25],"1.2345678":"e"}""")]
    [InlineData("\"\\u003cb\\u003e \\u0026 \\u0001 \\\\u003c\"", "\"<b> & \\u0001 \\\\u003c\"")]
    [InlineData("\"\"", "\"\"")]
    [InlineData("", "")]
    public void Numbers_have_six_decimals_at_most_and_html_is_not_escaped(string json, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(RedisJson.Encode(Encoding.UTF8.GetBytes(json)).Span));
}
