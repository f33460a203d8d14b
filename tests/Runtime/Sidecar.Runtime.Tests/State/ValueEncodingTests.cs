using System.Text;
using System.Text.Json;
using Sidecar.Runtime.GoJson;
using Sidecar.Runtime.State;

namespace Sidecar.Runtime.Tests.State;

public sealed class ValueEncodingTests
{
    [Theory]
    [InlineData("""{ "b" : 1 , "a" : [ true , null , "x" ] }""", """{"a":[true,null,"x"],"b":1}""")]
    [InlineData("""{"a":1,"b":2,"a":3}""", """{"a":3,"b":2}""")]
    [InlineData("""{"z":{"b":{"d":1,"c":2},"a":1},"y":{}}""", """{"y":{},"z":{"a":1,"b":{"c":2,"d":1}}}""")]
    [InlineData("""{"\u0062":1,"a":2,"b":3}""", """{"a":2,"b":3}""")]
    [InlineData("""{"<":1,"\"":2}""", """{"\"":2,"\u003c":1}""")]
    [InlineData("[]", "[]")]
    [InlineData("{}", "{}")]
    public void Objects_are_compact_sorted_and_without_repeated_names(string json, string expected) =>
        Assert.Equal(expected, Encode(json));

    [Theory]
    [InlineData("\"<a href=\\u0026>&\"", "\"\\u003ca href=\\u0026\\u003e\\u0026\"")]
    [InlineData("\"\\/ \\u00e4 ä \\ud83d\\ude00\"", "\"/ ä ä 😀\"")]
    [InlineData("\"\\u2028\\u2029\\u2030\"", "\"\\u2028\\u2029\u2030\"")]
    [InlineData("\"\\t\\n\\r\\b\\f\\u0001\\u007f\\\"\\\\\"", "\"\\t\\n\\r\\b\\f\\u0001\u007f\\\"\\\\\"")]
    [InlineData("\"\\ud800\"", "\"\uFFFD\"")]
    [InlineData("\"\\ud800\\u0041\"", "\"\uFFFDA\"")]
    public void Strings_are_escaped_as_go_does(string json, string expected) => Assert.Equal(expected, Encode(json));

    [Theory]
    [InlineData("1", "1")]
    [InlineData("-0", "-0")]
    [InlineData("1.0", "1")]
    [InlineData("1.50", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("123456789012345", "123456789012345")]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("12345678901234567890", "12345678901234567000")]
    [InlineData("1e20", "100000000000000000000")]
    [InlineData("1e21", "1e+21")]
    [InlineData("1.5e300", "1.5e+300")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("-1.25E-10", "-1.25e-10")]
    [InlineData("123.456e2", "12345.6")]
    [InlineData("0.1", "0.1")]
    public void Numbers_are_float64(string json, string expected) => Assert.Equal(expected, Encode(json));

    [Theory]
    [InlineData("\"2\"", "2")]
    [InlineData("2", "2")]
    [InlineData("1e21", "1e+21")]
    [InlineData("0.00001", "1e-05")]
    [InlineData("0.0001", "0.0001")]
    [InlineData("123456.5", "123456.5")]
    [InlineData("-1234567", "-1.234567e+06")]
    [InlineData("null", "<nil>")]
    [InlineData("true", "true")]
    [InlineData("""{"b":[1,"x",{}],"a":{"c":null}}""", "map[a:map[c:<nil>] b:[1 x map[]]]")]
    public void The_text_of_a_value_is_what_go_prints(string json, string expected) =>
        Assert.Equal(expected, GoPrinter.Print(Encoding.UTF8.GetBytes(Encode(json))));

    [Fact]
    public void A_number_beyond_a_float64_is_refused() => Assert.Throws<JsonException>(() => Encode("1e309"));

    [Fact]
    public void Bytes_that_are_not_utf8_become_replacement_characters()
    {
        var items = StateJson.ParseSave([.. "[{\"key\":\"k\",\"value\":\"a"u8, 0xFF, .. "b\"}]"u8]);
        Assert.Equal("\"a\uFFFDb\"", Encoding.UTF8.GetString(items[0].Value.Span));
    }

    [Fact]
    public void Values_may_nest_deeply_but_not_endlessly()
    {
        var deep = new string('[', 900) + new string(']', 900);
        Assert.Equal(deep, Encode(deep));
        var endless = new string('[', 100_000) + new string(']', 100_000);
        Assert.ThrowsAny<JsonException>(() => StateJson.ParseSave(Encoding.UTF8.GetBytes($$"""[{"key":"k","value":{{endless}}}]""")));
    }

    private static string Encode(string json)
    {
        var items = StateJson.ParseSave(Encoding.UTF8.GetBytes($$"""[{"key":"k","value":{{json}}}]"""));
        return Encoding.UTF8.GetString(items[0].Value.Span);
    }
}
