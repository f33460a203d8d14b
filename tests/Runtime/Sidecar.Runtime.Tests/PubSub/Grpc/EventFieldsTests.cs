using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Protos;
using Sidecar.Runtime.PubSub.GrpcDelivery;

namespace Sidecar.Runtime.Tests.PubSub.Grpc;

/// <summary>CloudEvents in the fields of gRPC messages (contract section 3.4, "App callbacks").</summary>
public sealed class EventFieldsTests
{
    [Theory]
    [InlineData("application/json", """{"n": 1.50,"s":"é"}""", """{"n": 1.50,"s":"é"}""")]
    [InlineData("application/json; charset=utf-8", "\"text\"", "\"text\"")]
    [InlineData("Application/CloudEvents+JSON", "[1,2]", "[1,2]")]
    [InlineData("", "12345678901234567890", "12345678901234567890")]
    [InlineData("text/plain", "\"a \\u0022b\\u0022\"", "a \"b\"")]
    [InlineData("TEXT/html", "\"<p>\"", "<p>")]
    [InlineData("application/xml", "\"<x/>\"", "<x/>")]
    [InlineData("foo/bar", "\"lost\"", "")]
    [InlineData("application/json", "null", "")]
    public void Data_is_what_its_content_type_says(string contentType, string data, string expected)
    {
        var request = Read($$"""{"data":{{data}},"id":"1","datacontenttype":"{{contentType}}"}""");

        Assert.Equal((contentType, expected), (request.DataContentType, request.Data.ToStringUtf8()));
    }

    [Fact]
    public void Base64_data_is_decoded_whatever_the_content_type()
    {
        var request = Read("""{"id":"1","datacontenttype":"application/json","data":{},"data_base64":"AAH/"}""");

        Assert.Equal([0, 1, 255], request.Data.ToByteArray());
    }

    [Fact]
    public void Attributes_without_a_field_are_extensions()
    {
        var request = Read("""{"id":"1","source":"s","type":"t","specversion":"1.0","subject":"x","n":1.5,"yes":true,"no":null,"list":[1,"a",[]],"o":{"in":{"deep":false}}}""");

        var extensions = request.Extensions.Fields;
        Assert.Equal(("1", "s", "t", "1.0"), (request.Id, request.Source, request.Type, request.SpecVersion));
        Assert.Equal(["list", "n", "no", "o", "subject", "yes"], extensions.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("x", 1.5, true), (extensions["subject"].StringValue, extensions["n"].NumberValue, extensions["yes"].BoolValue));
        Assert.Equal(Value.KindOneofCase.NullValue, extensions["no"].KindCase);
        Assert.Equal(["1", "\"a\"", "[ ]"], extensions["list"].ListValue.Values.Select(value => value.ToString()));
        Assert.False(extensions["o"].StructValue.Fields["in"].StructValue.Fields["deep"].BoolValue);
    }

    [Fact]
    public void Attributes_of_a_wrong_type_count_as_absent() => Assert.Equal(("", ""), (Read("""{"id":7,"source":{"a":[1]},"type":"t"}""").Id, Read("""{"id":7,"source":{"a":[1]}}""").Source));

    [Theory]
    [InlineData("""{"id":"1","datacontenttype":"text/plain","data":5}""", "no text")]
    [InlineData("""{"id":"1","data_base64":"***"}""", "cannot be sent over gRPC")]
    [InlineData("""{"id":"1","data_base64":5}""", "cannot be sent over gRPC")]
    [InlineData("""{"id":"1","x":"\ud800"}""", "cannot be sent over gRPC")]
    public void What_cannot_be_told_in_them_is_refused_with_the_reason(string cloudEvent, string reason)
    {
        Assert.False(EventFields.TryRead(Encoding.UTF8.GetBytes(cloudEvent), out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "1", "]", 30, true)]
    [InlineData("{\"a\":", "1", "}", 30, true)]
    [InlineData("[", "1", "]", 31, false)]
    [InlineData("{\"a\":", "1", "}", 31, false)]
    [InlineData("[", "", "]", 9000, false)]
    public void Extensions_nest_as_deep_as_a_receiver_can_read(string open, string inner, string close, int levels, bool fits)
    {
        var nested = string.Concat(Enumerable.Repeat(open, levels - 1)) + inner + string.Concat(Enumerable.Repeat(close, levels - 1));
        var cloudEvent = $$"""{"id":"1","x":{{nested}}}""";

        Assert.Equal(fits, EventFields.TryRead(Encoding.UTF8.GetBytes(cloudEvent), out var fields, out _));
        if (fits)
            Assert.Equal("1", TopicEventRequest.Parser.ParseFrom(fields!.ToRequest("p", "t", "/").ToByteArray()).Id);
    }

    private static TopicEventRequest Read(string cloudEvent)
    {
        Assert.True(EventFields.TryRead(Encoding.UTF8.GetBytes(cloudEvent), out var fields, out var error), error);
        return fields.ToRequest("pubsub", "orders", "/");
    }
}
