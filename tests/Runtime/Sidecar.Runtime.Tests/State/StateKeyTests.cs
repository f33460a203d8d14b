using System.Text;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

/// <summary>Names of stores and keys: how they are escaped, prefixed and refused.</summary>
public sealed class StateKeyTests
{
    [Fact]
    [Contract(5)]
    public async Task A_key_with_the_separator_is_400_with_three_details()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        var replies = new[]
        {
            await api.SaveAsync("""[{"key":"ke||y1","value":1}]"""),
            await api.GetAsync("/v1.0/state/store/ke%7C%7Cy1"),
            await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/ke%7C%7Cy1"),
            await api.TransactAsync("""{"operations":[{"operation":"upsert","request":{"key":"ke||y1"}}]}"""),
        };
        foreach (var reply in replies)
        {
            Assert.Equal("input key/keyPrefix 'ke||y1' can't contain '||'", reply.AssertError(400, "ERR_MALFORMED_REQUEST"));
            var details = reply.Json["details"]!.AsArray();
            Assert.Equal(3, details.Count);
            Assert.Equal("ke||y1", (string)details.Single(detail => detail!["field_violations"] is not null)!["field_violations"]![0]!["field"]!);
        }
    }

    [Fact]
    [Contract(22)]
    public async Task Store_names_and_keys_of_any_characters_work_when_query_escaped()
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync([("my store/50%+", store, [("keyPrefix", "none")])]);
        (await api.PostAsync("/v1.0/state/my+store%2F50%25%2B", """[{"key":"a/b c","value":1}]""")).AssertNoContent();
        Assert.Equal("1", (await api.GetAsync("/v1.0/state/my%20store%2F50%25%2B/a%2Fb+c")).Body);
        (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/my+store%2F50%25%2B/a%2Fb+c")).AssertNoContent();
        Assert.Empty(store.Keys);
    }

    [Theory]
    [InlineData("appid", "shop||k")]
    [InlineData("AppId", "shop||k")]
    [InlineData("name", "store||k")]
    [InlineData("namespace", "prod.shop||k")]
    [InlineData("namespace", "shop||k", "")]
    [InlineData("none", "k")]
    [InlineData("Own", "own||k")]
    [InlineData("", "shop||k")]
    [InlineData(null, "shop||k")]
    [Contract(23)]
    public async Task The_key_prefix_follows_the_component(string? strategy, string stored, string space = "prod")
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(
            [("store", store, strategy is null ? [] : [("KeyPrefix", strategy)])],
            appId: "shop",
            environment: new Dictionary<string, string> { ["NAMESPACE"] = space });
        await api.SaveAsync("""[{"key":"k","value":1}]""");
        Assert.Equal([stored], store.Keys);
        Assert.Equal("1", (await api.GetAsync("/v1.0/state/store/k")).Body);
    }

    [Fact]
    [Contract(23)]
    public async Task Apps_share_keys_without_a_prefix_and_not_with_it()
    {
        var store = new MemoryStateStore();
        (string, Components.State.IStateStore, (string, string)[])[] stores = [("own", store, []), ("shared", store, [("keyPrefix", "none")])];
        await using var one = await StateApi.StartAsync(stores, appId: "one");
        await using var two = await StateApi.StartAsync(stores, appId: "two");
        await one.PostAsync("/v1.0/state/shared", """[{"key":"k","value":"both"}]""");
        await one.PostAsync("/v1.0/state/own", """[{"key":"k","value":"mine"}]""");
        Assert.Equal("\"both\"", (await two.GetAsync("/v1.0/state/shared/k")).Body);
        (await two.GetAsync("/v1.0/state/own/k")).AssertNoContent();
    }

    [Fact]
    public async Task A_prefix_with_the_separator_is_refused_with_every_key()
    {
        await using var api = await StateApi.StartAsync([("store", new MemoryStateStore(), [("keyPrefix", "a||b")])]);
        var replies = new[]
        {
            await api.GetAsync("/v1.0/state/store/k"),
            await api.SaveAsync("""[{"key":"k"}]"""),
            await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k"),
            await api.PostAsync("/v1.0/state/store/bulk", """{"keys":["k"]}"""),
            await api.TransactAsync("""{"operations":[{"operation":"delete","request":{"key":"k"}}]}"""),
        };
        Assert.All(replies, reply => Assert.Equal("input key/keyPrefix 'a||b' can't contain '||'", reply.AssertError(400, "ERR_MALFORMED_REQUEST")));
    }

    [Fact]
    public async Task A_badly_escaped_parameter_is_400_in_plain_text()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync("127.0.0.1", api.Client.BaseAddress!.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /v1.0/state/store/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(socket.GetStream());
        var reply = await reader.ReadToEndAsync().WithinAsync("the answer to a bad escape");
        Assert.StartsWith("HTTP/1.1 400", reply, StringComparison.Ordinal);
        Assert.Contains("Content-Type: text/plain", reply, StringComparison.Ordinal);
    }
}
