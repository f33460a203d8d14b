using Google.Protobuf;

namespace Sidecar.Protos.Tests;

/// <summary>Clients that nobody here wrote depend on every name, number and type.</summary>
public sealed class WireTests
{
    [Theory]
    [InlineData("service", 4)]
    [InlineData("rpc", 82)]
    [InlineData("message", 188)]
    [InlineData("field", 548)]
    [InlineData("enum", 9)]
    [InlineData("value", 34)]
    public void What_is_generated_is_what_is_listed(string kind, int count)
    {
        var listed = OfKind(kind, Wire.Listed());

        Assert.Empty(Wire.Differences(listed, OfKind(kind, Generated.Described())));
        Assert.Equal(count, listed.Count);
    }

    [Fact]
    public void Nothing_is_of_a_kind_that_no_test_compares()
    {
        string[] kinds = ["service", "rpc", "message", "field", "enum", "value"];

        Assert.Equal(kinds.Order(), Wire.Listed().Keys.Concat(Generated.Described().Keys).Select(name => name.Split(' ')[0]).Distinct().Order());
    }

    [Theory]
    [InlineData("field dapr.proto.common.v1.StreamPayload.seq", "3 singular uint64 seq - -")] // number
    [InlineData("field dapr.proto.common.v1.StreamPayload.seq", "2 optional uint64 seq - -")]
    [InlineData("field dapr.proto.common.v1.StreamPayload.seq", "2 singular int64 seq - -")]
    [InlineData("field dapr.proto.runtime.v1.GetMetadataResponse.registered_components", "3 repeated dapr.proto.runtime.v1.RegisteredComponents registeredComponents - -")]
    [InlineData("field dapr.proto.common.v1.JobFailurePolicy.drop", "1 singular dapr.proto.common.v1.JobFailurePolicyDrop drop - -")] // oneof
    [InlineData("field dapr.proto.runtime.v1.GetMetadataResponse.active_actors_count", "2 repeated dapr.proto.runtime.v1.ActiveActorsCount actors - -")] // deprecated
    [InlineData("field dapr.proto.runtime.v1.GetSecretResponse.data", "1 map map<string,bytes> data - -")]
    [InlineData("rpc dapr.proto.runtime.v1.Dapr.EncryptAlpha1", "dapr.proto.runtime.v1.EncryptRequest stream dapr.proto.runtime.v1.EncryptResponse -")]
    [InlineData("value dapr.proto.runtime.v1.UnlockResponse.Status.INTERNAL_ERROR", "4")]
    public void A_difference_is_told_by_name(string name, string otherWords)
    {
        var listed = Wire.Listed();
        Assert.True(listed.ContainsKey(name));
        listed[name] = otherWords;

        var difference = Assert.Single(Wire.Differences(listed, Generated.Described()));
        Assert.StartsWith($"{name}: listed as '{otherWords}', generated as '", difference, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_one_side_lacks_is_told()
    {
        const string Name = "field dapr.proto.common.v1.Etag.value";
        var without = Wire.Listed();
        Assert.True(without.Remove(Name));

        Assert.Equal([$"{Name}: generated, not listed"], Wire.Differences(without, Generated.Described()));
        Assert.Equal([$"{Name}: listed, not generated"], Wire.Differences(Wire.Listed(), without));
    }

    // The gRPC server reads requests by these parsers, with no generated service to help it.
    [Fact]
    public void Every_rpc_has_a_parser_for_its_request_and_its_response()
    {
        var types = Generated.Files.SelectMany(file => file.Services).SelectMany(service => service.Methods).SelectMany(rpc => new[] { rpc.InputType, rpc.OutputType });
        var wrong = types.Where(type => type.Parser.ParseFrom(ByteString.Empty).GetType() != type.ClrType).Select(type => type.FullName);

        Assert.Empty(wrong);
    }

    private static SortedDictionary<string, string> OfKind(string kind, SortedDictionary<string, string> wire) =>
        new(wire.Where(entry => entry.Key.StartsWith($"{kind} ", StringComparison.Ordinal)).ToDictionary(), StringComparer.Ordinal);
}
