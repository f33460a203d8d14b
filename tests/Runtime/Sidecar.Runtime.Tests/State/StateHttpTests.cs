using System.Globalization;
using System.Net;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

public sealed class StateHttpTests
{
    [Fact]
    public async Task A_time_out_of_the_store_itself_is_a_failure_of_the_store()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore { Fault = new OperationCanceledException("gave up after 20 s") });

        using var read = await api.Client.GetAsync("/v1.0/state/store/k");
        var saved = await api.PostAsync("/v1.0/state/store", """[{"key":"k","value":1}]""");

        Assert.Contains("\"ERR_STATE_GET\"", await read.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("\"ERR_STATE_SAVE\"", saved.Body, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(1)]
    public async Task A_missing_key_is_204_without_an_etag()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        var reply = await api.GetAsync("/v1.0/state/store/none");
        reply.AssertNoContent();
        Assert.Null(reply.ETag);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [Contract(2)]
    public async Task What_is_saved_reads_back_as_json_with_an_unquoted_etag(string verb)
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(store);
        var saved = await api.SendAsync(new HttpMethod(verb), "/v1.0/state/store", """[{"key":"k","value":"v"}]""");
        saved.AssertNoContent();

        var reply = await api.GetAsync("/v1.0/state/store/k");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal("\"v\"", reply.Body);
        Assert.Equal("application/json", reply.ContentType);
        Assert.Equal("3", reply.Headers["Content-Length"]);
        Assert.Equal("v1", reply.ETag);
        Assert.Equal(["app||k"], store.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("foobar")]
    [InlineData("[{}]")]
    [InlineData("[null]")]
    [InlineData("""[{"key":""}]""")]
    [InlineData("""[{"key":1}]""")]
    [InlineData("""[{"key":"k","value":"v"},]""")]
    [InlineData("""[{"key":"k","value":"v"}""")]
    [InlineData("""[{"key":"k","value":{"a":1,}}]""")]
    [InlineData("""[{"key":"k","value":"v","etag":1}]""")]
    [InlineData("""[{"key":"k","value":"v","metadata":{"a":1}}]""")]
    [InlineData("""[{"key":"k","value":1e400}]""")]
    [InlineData("""[{"key":"k","value":"v"}] more""")]
    [Contract(3)]
    public async Task A_malformed_save_is_400_and_saves_nothing(string body)
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(store);
        (await api.SaveAsync(body)).AssertError(400, "ERR_MALFORMED_REQUEST");
        Assert.Empty(store.Keys);
    }

    [Fact]
    [Contract(4)]
    public async Task Empty_lists_absent_values_and_repeated_keys_are_fine()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        (await api.SaveAsync("[]")).AssertNoContent();
        (await api.SaveAsync("""[{"key":"null"}]""")).AssertNoContent();
        Assert.Equal("null", (await api.GetAsync("/v1.0/state/store/null")).Body);
        (await api.SaveAsync("""[{"key":"twice","value":1},{"key":"twice","value":2}]""")).AssertNoContent();
        Assert.Equal("2", (await api.GetAsync("/v1.0/state/store/twice")).Body);
    }

    [Fact]
    [Contract(6)]
    public async Task A_save_with_the_current_etag_changes_it_and_with_an_old_one_is_409()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        await api.SaveAsync("""[{"key":"k","value":1}]""");
        var first = (await api.GetAsync("/v1.0/state/store/k")).ETag;
        (await api.SaveAsync($$"""[{"key":"k","value":2,"etag":"{{first}}"}]""")).AssertNoContent();
        Assert.NotEqual(first, (await api.GetAsync("/v1.0/state/store/k")).ETag);

        var stale = await api.SaveAsync($$"""[{"key":"k","value":3,"etag":"{{first}}"}]""");
        Assert.Contains("possible etag mismatch. error from state store", stale.AssertError(409, "ERR_STATE_SAVE"), StringComparison.Ordinal);
        Assert.Contains("invalid etag value", (await api.SaveAsync("""[{"key":"k","etag":"bad"}]""")).AssertError(400, "ERR_STATE_SAVE"), StringComparison.Ordinal);
        (await api.SaveAsync("""[{"key":"k","value":4,"etag":""}]""")).AssertNoContent();
        Assert.Equal("4", (await api.GetAsync("/v1.0/state/store/k")).Body);
    }

    [Fact]
    [Contract(7)]
    public async Task A_delete_heeds_if_match_and_does_not_mind_a_missing_key()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        await api.SaveAsync("""[{"key":"k","value":1}]""");
        var wrong = await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k", null, ("If-Match", "other"));
        Assert.StartsWith("failed deleting state with key k: possible etag mismatch", wrong.AssertError(409, "ERR_STATE_DELETE"), StringComparison.Ordinal);
        (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k", null, ("If-Match", "bad"))).AssertError(400, "ERR_STATE_DELETE");
        (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k", null, ("If-Match", "v1"))).AssertNoContent();
        (await api.GetAsync("/v1.0/state/store/k")).AssertNoContent();
        (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k")).AssertNoContent();
    }

    [Fact]
    [Contract(8)]
    public async Task First_write_without_an_etag_on_a_taken_key_is_409()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        const string Item = """[{"key":"k","value":1,"options":{"concurrency":"first-write","consistency":"strong"}}]""";
        (await api.SaveAsync(Item)).AssertNoContent();
        (await api.SaveAsync(Item)).AssertError(409, "ERR_STATE_SAVE");
        Assert.Contains(
            "unrecognized concurrency model never",
            (await api.SaveAsync("""[{"key":"k","options":{"concurrency":"never"}}]""")).AssertError(500, "ERR_STATE_SAVE"),
            StringComparison.Ordinal);
    }

    [Fact]
    [Contract(9)]
    public async Task A_transaction_with_a_stale_etag_is_500_and_changes_nothing()
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(store);
        await api.SaveAsync("""[{"key":"a","value":1}]""");
        var reply = await api.TransactAsync("""
            {"operations":[{"operation":"upsert","request":{"key":"b","value":1}},{"operation":"upsert","request":{"key":"a","value":2,"etag":"old"}}]}
            """);
        Assert.Contains("possible etag mismatch", reply.AssertError(500, "ERR_STATE_TRANSACTION"), StringComparison.Ordinal);
        Assert.Equal(["app||a"], store.Keys);
        Assert.Equal("1", store.Text("app||a"));
    }

    [Fact]
    [Contract(10)]
    public async Task A_transaction_may_be_empty_but_knows_only_upsert_and_delete()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        (await api.TransactAsync("""{"operations":[]}""")).AssertNoContent();
        (await api.TransactAsync("{}")).AssertNoContent();
        var reply = await api.TransactAsync("""{"operations":[{"operation":"merge","request":{"key":"k"}}]}""");
        Assert.Equal("operation type merge not supported", reply.AssertError(400, "ERR_NOT_SUPPORTED_STATE_OPERATION"));
        Assert.StartsWith("failed deserializing HTTP body: ", (await api.TransactAsync("[]")).AssertError(400, "ERR_MALFORMED_REQUEST"), StringComparison.Ordinal);
        (await api.TransactAsync("""{"operations":[{"operation":"upsert"}]}""")).AssertError(400, "ERR_MALFORMED_REQUEST");
    }

    [Fact]
    public async Task A_transaction_applies_upserts_and_deletes_and_reads_names_in_any_case()
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(store);
        await api.SaveAsync("""[{"key":"gone","value":1}]""");
        var reply = await api.SendAsync(HttpMethod.Put, "/v1.0/state/store/transaction", """
            {"metadata":{"partitionKey":"p"},"Operations":[
              {"Request":{"KEY":"new","Value":{"b":1,"a":2}},"Operation":"upsert"},
              {"operation":"delete","request":{"Key":"gone","eTag":"v1"}}]}
            """);
        reply.AssertNoContent();
        Assert.Equal(["app||new"], store.Keys);
        Assert.Equal("""{"a":2,"b":1}""", store.Text("app||new"));
    }

    [Fact]
    [Contract(11)]
    public async Task Too_many_operations_are_400_with_both_numbers()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore { MaxOperationsPerTransaction = 1 });
        var reply = await api.TransactAsync("""
            {"operations":[{"operation":"upsert","request":{"key":"a"}},{"operation":"delete","request":{"key":"b"}}]}
            """);
        reply.AssertError(400, "ERR_STATE_STORE_TOO_MANY_TRANSACTIONS");
        var metadata = reply.Json["details"]![0]!["metadata"]!;
        Assert.Equal(("2", "1"), ((string)metadata["currentOpsTransaction"]!, (string)metadata["maxOpsPerTransaction"]!));
    }

    [Fact]
    [Contract(12)]
    public async Task A_store_without_transactions_says_so_with_a_help_link()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore { Features = Components.State.StateFeatures.ETag });
        var reply = await api.TransactAsync("not even read");
        Assert.Equal("state store store doesn't support transactions", reply.AssertError(500, "ERR_STATE_STORE_NOT_SUPPORTED"));
        Assert.Contains(reply.Json["details"]!.AsArray(), detail => (string)detail!["@type"]! == "type.googleapis.com/google.rpc.Help");
    }

    [Fact]
    [Contract(13)]
    public async Task An_unknown_store_is_400_and_no_store_at_all_500()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        var unknown = await api.PostAsync("/v1.0/state/other", "foobar");
        Assert.Equal("state store other is not found", unknown.AssertError(400, "ERR_STATE_STORE_NOT_FOUND"));
        Assert.Equal("app", (string)unknown.Json["details"]![0]!["metadata"]!["appID"]!);
        (await api.GetAsync("/v1.0/state/other/k")).AssertError(400, "ERR_STATE_STORE_NOT_FOUND");

        await using var bare = await StateApi.StartAsync([]);
        Assert.Equal("state store store is not configured", (await bare.SaveAsync("[]")).AssertError(500, "ERR_STATE_STORE_NOT_CONFIGURED"));
    }

    [Fact]
    [Contract(15, 16)]
    public async Task A_time_to_live_shows_in_a_header_ends_the_item_and_is_cleared_by_the_next_save()
    {
        var clock = new FakeClock();
        await using var api = await StateApi.StartAsync(new MemoryStateStore(clock), clock);
        await api.SaveAsync("""[{"key":"k","value":1,"metadata":{"ttlInSeconds":"3"}}]""");
        Assert.Equal("2026-01-01T00:00:03Z", (await api.GetAsync("/v1.0/state/store/k")).Headers["metadata.ttlExpireTime"]);

        await api.SaveAsync("""[{"key":"k","value":2}]""");
        Assert.DoesNotContain("metadata.ttlExpireTime", (await api.GetAsync("/v1.0/state/store/k")).Headers.Keys, StringComparer.OrdinalIgnoreCase);

        await api.PostAsync("/v1.0/state/store?metadata.ttlInSeconds=5", """[{"key":"k","value":3,"metadata":{"ttlInSeconds":"3"}}]""");
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal("3", (await api.GetAsync("/v1.0/state/store/k")).Body);
        clock.Advance(TimeSpan.FromSeconds(2));
        (await api.GetAsync("/v1.0/state/store/k")).AssertNoContent();
    }

    [Fact]
    [Contract(17)]
    public async Task A_time_to_live_that_is_no_integer_fails_and_saves_nothing()
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(store);
        const string Items = """[{"key":"first","value":1},{"key":"k","value":1,"metadata":{"ttlInSeconds":"abc"}}]""";
        Assert.Contains("'abc'", (await api.SaveAsync(Items)).AssertError(500, "ERR_STATE_SAVE"), StringComparison.Ordinal);
        (await api.TransactAsync("""{"operations":[{"operation":"upsert","request":{"key":"k","metadata":{"ttlInSeconds":"1.5"}}}]}"""))
            .AssertError(500, "ERR_STATE_TRANSACTION");
        Assert.Empty(store.Keys);
    }

    [Fact]
    [Contract(14)]
    public async Task A_query_is_500_because_no_store_can_be_queried()
    {
        await using var api = await StateApi.StartAsync([("store", new MemoryStateStore(), [])], maxBodySize: 100);
        foreach (var verb in new[] { HttpMethod.Post, HttpMethod.Put })
        {
            var reply = await api.SendAsync(verb, "/v1.0-alpha1/state/store/query", """{"filter":{}}""");
            Assert.Equal("state store does not support querying", reply.AssertError(500, "ERR_STATE_STORE_NOT_SUPPORTED"));
            Assert.Equal("DAPR_STATE_QUERYING_NOT_SUPPORTED", (string)reply.Json["details"]![0]!["reason"]!);
            Assert.Equal("store", (string)reply.Json["details"]![1]!["resource_name"]!);
        }

        (await api.PostAsync("/v1.0-alpha1/state/other/query", "{}")).AssertError(400, "ERR_STATE_STORE_NOT_FOUND");
        (await api.PostAsync("/v1.0-alpha1/state/store/query", new string(' ', 200))).AssertError(400, "ERR_BODY_READ");
        await using var bare = await StateApi.StartAsync([]);
        (await bare.PostAsync("/v1.0-alpha1/state/store/query", "{}")).AssertError(500, "ERR_STATE_STORE_NOT_CONFIGURED");
    }

    [Fact]
    public async Task Consistency_and_concurrency_reach_the_store_from_every_route()
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(store);
        await api.SaveAsync("""[{"key":"k","value":1,"options":{"consistency":"strong"}}]""");
        Assert.Equal(Components.State.StateConsistency.Strong, store.LastConsistency);
        await api.GetAsync("/v1.0/state/store/k?consistency=eventual");
        Assert.Equal(Components.State.StateConsistency.Eventual, store.LastConsistency);
        await api.GetAsync("/v1.0/state/store/k?consistency=whatever&metadata.partitionKey=p");
        Assert.Equal(Components.State.StateConsistency.Unspecified, store.LastConsistency);

        foreach (var query in new[] { "concurrency=never", "consistency=never" })
        {
            Assert.Contains(
                "model never", (await api.SendAsync(HttpMethod.Delete, $"/v1.0/state/store/k?{query}")).AssertError(500, "ERR_STATE_DELETE"), StringComparison.Ordinal);
        }

        (await api.TransactAsync("""{"operations":[{"operation":"delete","request":{"key":"k","options":{"consistency":"never"}}}]}""")).AssertError(500, "ERR_STATE_TRANSACTION");
        Assert.Equal(["app||k"], store.Keys);
        (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k?concurrency=last-write&consistency=strong&metadata.partitionKey=p")).AssertNoContent();
        Assert.Empty(store.Keys);
    }

    [Fact]
    public async Task Metadata_of_the_request_go_before_those_of_the_items_in_a_transaction_too()
    {
        var clock = new FakeClock();
        await using var api = await StateApi.StartAsync(new MemoryStateStore(clock), clock);
        (await api.PostAsync("/v1.0/state/store/transaction?metadata.ttlInSeconds=5", """
            {"metadata":{"ttlInSeconds":"1"},"operations":[{"operation":"upsert","request":{"key":"k","value":1,"metadata":{"ttlInSeconds":"3"}}}]}
            """)).AssertNoContent();
        Assert.Equal("2026-01-01T00:00:05Z", (await api.GetAsync("/v1.0/state/store/k")).Headers["metadata.ttlExpireTime"]);
    }

    [Fact]
    public async Task A_failing_component_answers_with_the_code_of_the_operation()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore { Fault = new ComponentException("disk full") });
        Assert.Equal("fail to get k from state store store: disk full", (await api.GetAsync("/v1.0/state/store/k")).AssertError(500, "ERR_STATE_GET"));
        Assert.Equal("failed saving state in state store store: disk full", (await api.SaveAsync("""[{"key":"k"}]""")).AssertError(500, "ERR_STATE_SAVE"));
        Assert.Equal(
            "failed deleting state with key k: disk full",
            (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k")).AssertError(500, "ERR_STATE_DELETE"));
        Assert.Equal(
            "error while executing state transaction: disk full",
            (await api.TransactAsync("""{"operations":[{"operation":"delete","request":{"key":"k"}}]}""")).AssertError(500, "ERR_STATE_TRANSACTION"));
    }

    [Fact]
    public async Task One_item_that_fails_does_not_undo_the_others()
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(store);
        (await api.SaveAsync("""[{"key":"a","value":1},{"key":"b","value":1,"etag":"old"},{"key":"c","value":1}]""")).AssertError(409, "ERR_STATE_SAVE");
        Assert.Equal(["app||a", "app||c"], store.Keys);
    }

    [Fact]
    public async Task A_large_value_of_several_segments_reads_back_byte_for_byte()
    {
        await using var api = await StateApi.StartAsync(new MemoryStateStore());
        var text = string.Create(CultureInfo.InvariantCulture, $"\"{new string('ä', 300_000)}\"");
        (await api.SaveAsync($$"""[{"key":"k","value":{{text}}}]""")).AssertNoContent();
        Assert.Equal(text, (await api.GetAsync("/v1.0/state/store/k")).Body);
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused_as_malformed()
    {
        await using var api = await StateApi.StartAsync([("store", new MemoryStateStore(), [])], maxBodySize: 1000);
        (await api.SaveAsync($$"""[{"key":"k","value":"{{new string('x', 2000)}}"}]""")).AssertError(400, "ERR_MALFORMED_REQUEST");
    }
}
