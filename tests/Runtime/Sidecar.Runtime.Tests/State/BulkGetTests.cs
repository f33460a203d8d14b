using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

public sealed class BulkGetTests
{
    private const string Route = "/v1.0/state/store/bulk";

    private readonly FakeClock _clock = new();

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [Contract(18)]
    public async Task Every_asked_key_is_in_the_answer_in_order_and_a_missing_one_by_its_key_alone(string verb)
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore(_clock), _clock);
        await api.SaveAsync("""[{"key":"a","value":{"b":2,"a":"ä<"}},{"key":"null","value":null},{"key":"ttl","value":"t","metadata":{"ttlInSeconds":"3"}}]""");

        var reply = await api.SendAsync(new HttpMethod(verb), Route, """{"keys":["none","a","ttl","a","null"],"parallelism":2,"metadata":{"x":"y"}}""");

        Assert.Equal(("application/json", 200), (reply.ContentType, (int)reply.Status));
        AssertJson(
            """
            [{"key":"none"},{"key":"a","data":{"a":"ä<","b":2},"etag":"v1"},
             {"key":"ttl","data":"t","etag":"v3","metadata":{"ttlExpireTime":"2026-01-01T00:00:03Z"}},
             {"key":"a","data":{"a":"ä<","b":2},"etag":"v1"},{"key":"null","data":null,"etag":"v2"}]
            """,
            reply);
    }

    [Theory]
    [InlineData("""{"keys":[]}""")]
    [InlineData("{}")]
    [InlineData("""{"keys":null,"parallelism":null,"metadata":null,"other":[1]}""")]
    public async Task Without_keys_the_answer_is_an_empty_array(string body)
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        Assert.Equal("[]", (await api.PostAsync(Route, body)).Body);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("""{"keys":"k"}""")]
    [InlineData("""{"keys":[1]}""")]
    [InlineData("""{"keys":["k"],"parallelism":"2"}""")]
    [InlineData("""{"keys":["k"],"parallelism":1.5}""")]
    [InlineData("""{"keys":["k"],"metadata":{"a":1}}""")]
    public async Task A_malformed_body_is_400(string body)
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        Assert.StartsWith("failed deserializing HTTP body: ", (await api.PostAsync(Route, body)).AssertError(400, "ERR_MALFORMED_REQUEST"), StringComparison.Ordinal);
    }

    [Fact]
    [Contract(13)]
    public async Task The_store_is_looked_for_before_the_body_is_read()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        (await api.PostAsync("/v1.0/state/other/bulk", "junk")).AssertError(400, "ERR_STATE_STORE_NOT_FOUND");
        await using var bare = await StateApi.StartAsync([]);
        (await bare.PostAsync(Route, "junk")).AssertError(500, "ERR_STATE_STORE_NOT_CONFIGURED");
    }

    [Fact]
    public async Task One_illegal_key_refuses_the_call()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        var reply = await api.PostAsync(Route, """{"keys":["k","a||b"]}""");
        Assert.Equal("input key/keyPrefix 'a||b' can't contain '||'", reply.AssertError(400, "ERR_MALFORMED_REQUEST"));
        Assert.Equal(3, reply.Json["details"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(1, 1)]
    [InlineData(0, 5)]
    [InlineData(-1, 5)]
    [InlineData(100, 5)]
    public async Task As_many_keys_are_read_at_a_time_as_asked_for_and_all_of_them_for_zero(int parallelism, int atOnce)
    {
        var gate = new TaskCompletionSource();
        var (reading, most) = (0, 0);
        var store = new MemoryStateStore
        {
            BeforeGet = async _ =>
            {
                most = Math.Max(most, Interlocked.Increment(ref reading));
                await gate.Task;
                Interlocked.Decrement(ref reading);
            },
        };
        await using var api = await StateApi.StartAsync(store);
        var call = api.PostAsync(Route, $$"""{"keys":["a","b","c","d","e"],"parallelism":{{parallelism}}}""");
        await Eventually.TrueAsync(() => Volatile.Read(ref reading) == atOnce, $"{atOnce} reads at once");
        gate.SetResult();
        Assert.Equal(5, JsonNode.Parse((await call).Body)!.AsArray().Count);
        Assert.Equal(atOnce, most);
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_has_its_reason_and_the_others_their_values()
    {
        var store = new MemoryStateStore { BeforeGet = key => key == "app||bad" ? throw new ComponentException("sector lost") : Task.CompletedTask };
        await using var api = await StateApi.StartAsync(store);
        await api.SaveAsync("""[{"key":"good","value":1}]""");
        AssertJson("""[{"key":"bad","error":"sector lost"},{"key":"good","data":1,"etag":"v1"}]""", await api.PostAsync(Route, """{"keys":["bad","good"]}"""));
    }

    [Fact]
    public async Task A_store_that_gives_nothing_at_all_is_500_with_its_own_text()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore { Fault = new ComponentException("disk full") });
        Assert.Equal("disk full", (await api.PostAsync(Route, """{"keys":["a","b"]}""")).AssertError(500, "ERR_STATE_BULK_GET"));
    }

    [Fact]
    public async Task A_value_that_is_not_json_comes_as_a_string_and_one_that_is_no_text_as_an_error()
    {
        var store = new MemoryStateStore();
        store.Put("app||text", "plain \"text\""u8.ToArray());
        store.Put("app||bytes", new byte[] { 0xFF, 0xFE });
        store.Put("app||empty", ReadOnlyMemory<byte>.Empty);
        await using var api = await StateApi.StartAsync(store);
        AssertJson(
            """
            [{"key":"text","data":"plain \"text\"","etag":"v1"},
             {"key":"bytes","error":"the stored value is neither JSON nor text; get it by itself"},{"key":"empty","etag":"v3"}]
            """,
            await api.PostAsync(Route, """{"keys":["text","bytes","empty"]}"""));
    }

    [Fact]
    public async Task A_long_list_of_large_values_comes_whole()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        await api.SaveAsync($$"""[{"key":"k","value":"{{new string('x', 100_000)}}"}]""");
        var keys = string.Join(',', Enumerable.Range(0, 2000).Select(number => number % 100 == 0 ? "\"k\"" : string.Create(CultureInfo.InvariantCulture, $"\"none{number}\"")));
        var items = JsonNode.Parse((await api.PostAsync(Route, $$"""{"keys":[{{keys}}]}""")).Body)!.AsArray();
        Assert.Equal(2000, items.Count);
        Assert.Equal(20, items.Count(item => item!["data"] is { } data && ((string)data!).Length == 100_000));
    }

    [Theory]
    [InlineData("bulk")]
    [InlineData("transaction")]
    [InlineData("query")]
    public async Task A_key_may_be_named_as_a_route(string key)
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        await api.SaveAsync($$"""[{"key":"{{key}}","value":1}]""");
        Assert.Equal("1", (await api.GetAsync($"/v1.0/state/store/{key}")).Body);
        (await api.SendAsync(HttpMethod.Delete, $"/v1.0/state/store/{key}")).AssertNoContent();
        (await api.GetAsync($"/v1.0/state/store/{key}")).AssertNoContent();
    }

    private static void AssertJson(string expected, Reply reply)
    {
        var actual = JsonNode.Parse(Encoding.UTF8.GetBytes(reply.Body));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}\nbut got  {reply.Body}");
    }
}
