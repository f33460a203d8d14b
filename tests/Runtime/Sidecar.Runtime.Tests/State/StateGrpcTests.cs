using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Rpc;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;
using Concurrency = Sidecar.Protos.StateOptions.Types.StateConcurrency;
using Consistency = Sidecar.Protos.StateOptions.Types.StateConsistency;

namespace Sidecar.Runtime.Tests.State;

/// <summary>The state API over gRPC (contract 3.4), beside the same sidecar's HTTP API.</summary>
public sealed class StateGrpcTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private MemoryStateStore _store = null!;
    private TestSidecar _sidecar = null!;

    private GrpcChannel Channel => _sidecar.Channel;

    public async ValueTask InitializeAsync()
    {
        var drivers = new TestDrivers(_folder);
        _store = drivers.AddStore("store");
        _sidecar = await drivers.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Contract(19)]
    public async Task Contract_019_saving_nothing_is_fine_a_key_is_needed_and_a_value_is_not()
    {
        var nothing = await Channel.StatusAsync(DaprMethods.SaveState, new SaveStateRequest { StoreName = "store" });
        var noKey = await Channel.StatusAsync(DaprMethods.SaveState, new SaveStateRequest { StoreName = "store", States = { new StateItem { Key = "first" }, new StateItem() } });
        var noValue = await Channel.SaveAsync("bare", default);

        Assert.Equal(StatusCode.OK, nothing.Code);
        Assert.Equal((StatusCode.InvalidArgument, "state key cannot be empty", "ERR_STATE_SAVE"), (noKey.Code, noKey.Message, noKey.Detail<ErrorInfo>()?.Reason));
        Assert.Equal(StatusCode.OK, noValue.Code);
        Assert.Equal(["me||bare"], _store.Keys);
        Assert.True((await Channel.GetAsync("bare")).Data.IsEmpty);
    }

    [Fact]
    [Contract(20)]
    public async Task Contract_020_a_missing_key_is_an_empty_answer()
    {
        var answer = await Channel.GetAsync("missing");

        Assert.Equal(new GetStateResponse(), answer);
    }

    [Fact]
    [Contract(21)]
    public async Task Contract_021_bytes_are_stored_as_they_are_and_read_the_same_over_http()
    {
        byte[] odd = [0, 255, 13, 10, 34];
        await Channel.SaveAsync("text", "abc"u8.ToArray());
        await Channel.SaveAsync("odd", odd);

        using var text = await _sidecar.Client.GetAsync(new Uri("/v1.0/state/store/text", UriKind.Relative));
        var bytes = await _sidecar.Client.GetByteArrayAsync(new Uri("/v1.0/state/store/odd", UriKind.Relative));

        Assert.Equal(("abc", "application/json"), (await text.Content.ReadAsStringAsync(), text.Content.Headers.ContentType?.ToString()));
        Assert.Equal(odd, bytes);
        Assert.Equal(odd, (await Channel.GetAsync("odd")).Data.ToByteArray());
    }

    [Theory]
    [InlineData("""{ "b": 1, "a": [ "<" ] }""", """{"a":["\u003c"],"b":1}""")]
    [InlineData(" \"v\" ", "\"v\"")]
    public async Task Bytes_that_say_they_are_json_are_stored_as_http_stores_them(string json, string stored)
    {
        var saved = await Channel.SaveAsync("k", Encoding.UTF8.GetBytes(json), item => item.Metadata["contentType"] = "application/json");
        var transacted = await Channel.StatusAsync(DaprMethods.Transact, Transaction(("upsert", "t", json, item => item.Metadata["contentType"] = "application/json")));

        Assert.Equal((StatusCode.OK, StatusCode.OK), (saved.Code, transacted.Code));
        Assert.Equal((stored, stored), (_store.Text("me||k"), _store.Text("me||t")));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("1 2")]
    public async Task What_says_it_is_json_and_is_not_is_refused_with_all_that_came_along(string text)
    {
        var request = new SaveStateRequest { StoreName = "store", States = { new StateItem { Key = "good" }, Item("bad", text, item => item.Metadata["contentType"] = "application/json; charset=utf-8") } };
        var saved = await Channel.StatusAsync(DaprMethods.SaveState, request);
        var transacted = await Channel.StatusAsync(
            DaprMethods.Transact, Transaction(("upsert", "good", "1", _ => { }
        ), ("upsert", "bad", text, item => item.Metadata["contentType"] = "application/json")));

        Assert.Equal((StatusCode.InvalidArgument, "ERR_STATE_SAVE"), (saved.Code, saved.Detail<ErrorInfo>()?.Reason));
        Assert.Equal((StatusCode.InvalidArgument, "ERR_STATE_TRANSACTION"), (transacted.Code, transacted.Detail<ErrorInfo>()?.Reason));
        Assert.Contains("the value of key bad is not application/json", saved.Message, StringComparison.Ordinal);
        Assert.Empty(_store.Keys);
    }

    [Fact]
    [Contract(6, 8)]
    public async Task Contract_006_and_008_an_etag_and_first_write_count()
    {
        await Channel.SaveAsync("k", "1"u8.ToArray());
        var etag = (await Channel.GetAsync("k")).Etag;

        var again = await Channel.SaveAsync("k", "2"u8.ToArray(), item => item.Etag = new Etag { Value = etag });
        var stale = await Channel.SaveAsync("k", "3"u8.ToArray(), item => item.Etag = new Etag { Value = etag });
        var invalid = await Channel.SaveAsync("k", "3"u8.ToArray(), item => item.Etag = new Etag { Value = "bad" });
        var first = await Channel.SaveAsync("k", "3"u8.ToArray(), item => item.Options = new StateOptions { Concurrency = Concurrency.ConcurrencyFirstWrite });
        var empty = await Channel.SaveAsync("k", "4"u8.ToArray(), item => item.Etag = new Etag());

        Assert.Equal(StatusCode.OK, again.Code);
        Assert.Equal(StatusCode.Aborted, stale.Code);
        Assert.Contains("possible etag mismatch", stale.Message, StringComparison.Ordinal);
        Assert.Equal(StatusCode.InvalidArgument, invalid.Code);
        Assert.Equal(StatusCode.Aborted, first.Code);
        Assert.Equal((StatusCode.OK, "4"), (empty.Code, _store.Text("me||k")));
    }

    [Fact]
    public async Task Deletes_follow_the_etag_and_a_missing_key_is_no_failure()
    {
        await Channel.SaveAsync("k", "1"u8.ToArray());

        var wrong = await Channel.StatusAsync(DaprMethods.DeleteState, new DeleteStateRequest { StoreName = "store", Key = "k", Etag = new Etag { Value = "old" } });
        Assert.Equal((StatusCode.Aborted, "ERR_STATE_DELETE"), (wrong.Code, wrong.Detail<ErrorInfo>()?.Reason));
        Assert.Equal(["me||k"], _store.Keys);
        for (var round = 0; round < 2; round++)
            Assert.Equal(StatusCode.OK, (await Channel.StatusAsync(DaprMethods.DeleteState, new DeleteStateRequest { StoreName = "store", Key = "k" })).Code);
        Assert.Empty(_store.Keys);
    }

    [Fact]
    public async Task A_bulk_delete_goes_on_after_a_failure_and_tells_the_first()
    {
        foreach (var key in (string[])["a", "b", "c"])
            await Channel.SaveAsync(key, "1"u8.ToArray());
        var request = new DeleteBulkStateRequest { StoreName = "store", States = { Item("a", ""), Item("b", "", item => item.Etag = new Etag { Value = "old" }), Item("c", "") } };

        var status = await Channel.StatusAsync(DaprMethods.DeleteBulkState, request);
        var nothing = await Channel.StatusAsync(DaprMethods.DeleteBulkState, new DeleteBulkStateRequest { StoreName = "store" });

        Assert.Equal((StatusCode.Aborted, "ERR_STATE_BULK_DELETE"), (status.Code, status.Detail<ErrorInfo>()?.Reason));
        Assert.StartsWith("failed deleting state in state store store: possible etag mismatch", status.Message, StringComparison.Ordinal);
        Assert.Equal(["me||b"], _store.Keys);
        Assert.Equal(StatusCode.OK, nothing.Code);
    }

    [Fact]
    [Contract(15, 17)]
    public async Task Contract_015_and_017_a_time_to_live_is_told_and_must_be_a_number()
    {
        var before = DateTimeOffset.UtcNow;
        await Channel.SaveAsync("k", "1"u8.ToArray(), item => item.Metadata["ttlInSeconds"] = "300");
        var bad = await Channel.SaveAsync("bad", "1"u8.ToArray(), item => item.Metadata["ttlInSeconds"] = "abc");

        var single = await Channel.GetAsync("k");
        var bulk = await Channel.UnaryAsync(DaprMethods.GetBulkState, new GetBulkStateRequest { StoreName = "store", Keys = { "k" } });

        var expiry = DateTimeOffset.Parse(single.Metadata["ttlExpireTime"], CultureInfo.InvariantCulture);
        Assert.InRange(expiry, before.AddSeconds(298), DateTimeOffset.UtcNow.AddSeconds(301));
        Assert.Equal(single.Metadata["ttlExpireTime"], bulk.Items.Single().Metadata["ttlExpireTime"]);
        Assert.Equal((StatusCode.Internal, "ERR_STATE_SAVE"), (bad.Code, bad.Detail<ErrorInfo>()?.Reason));
        Assert.Equal(["me||k"], _store.Keys);
    }

    [Fact]
    public async Task A_bulk_get_names_every_key_and_tells_a_failure_beside_its_key()
    {
        await Channel.SaveAsync("a", "1"u8.ToArray());
        _store.BeforeGet = key => key == "me||broken" ? throw new InvalidOperationException("disk full") : Task.CompletedTask;

        var answer = await Channel.UnaryAsync(DaprMethods.GetBulkState, new GetBulkStateRequest { StoreName = "store", Keys = { "a", "missing", "broken" }, Parallelism = 1 });
        var nothing = await Channel.UnaryAsync(DaprMethods.GetBulkState, new GetBulkStateRequest { StoreName = "store" });

        Assert.Equal([("a", "1", "v1", ""), ("missing", "", "", ""), ("broken", "", "", "disk full")], answer.Items.Select(item => (item.Key, item.Data.ToStringUtf8(), item.Etag, item.Error)));
        Assert.Empty(nothing.Items);
    }

    [Theory]
    [InlineData(Consistency.ConsistencyStrong, Sidecar.Components.State.StateConsistency.Strong)]
    [InlineData(Consistency.ConsistencyEventual, Sidecar.Components.State.StateConsistency.Eventual)]
    [InlineData((Consistency)77, Sidecar.Components.State.StateConsistency.Unspecified)]
    public async Task Consistency_reaches_the_store_and_a_number_without_meaning_is_none(Consistency asked, Sidecar.Components.State.StateConsistency expected)
    {
        var saved = await Channel.SaveAsync("k", "1"u8.ToArray(), item => item.Options = new StateOptions { Consistency = asked, Concurrency = (Concurrency)99 });
        Assert.Equal((StatusCode.OK, expected), (saved.Code, _store.LastConsistency));
        await Channel.SaveAsync("other", default);
        await Channel.UnaryAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k", Consistency = asked });
        Assert.Equal(expected, _store.LastConsistency);
    }

    [Fact]
    public async Task A_transaction_is_all_or_nothing_and_one_without_operations_is_fine()
    {
        var good = await Channel.StatusAsync(DaprMethods.Transact, Transaction(("upsert", "a", "1", _ => { }), ("upsert", "b", "2", _ => { }), ("delete", "b", "", _ => { })));
        var stale = await Channel.StatusAsync(DaprMethods.Transact, Transaction(("upsert", "c", "3", _ => { }), ("upsert", "a", "2", item => item.Etag = new Etag { Value = "old" })));
        var nothing = await Channel.StatusAsync(DaprMethods.Transact, new ExecuteStateTransactionRequest { StoreName = "store" });
        var empty = await Channel.StatusAsync(DaprMethods.Transact, new ExecuteStateTransactionRequest { StoreName = "store", Operations = { new TransactionalStateOperation { OperationType = "upsert" } } });

        Assert.Equal(StatusCode.OK, good.Code);
        Assert.Equal((StatusCode.Internal, "ERR_STATE_TRANSACTION"), (stale.Code, stale.Detail<ErrorInfo>()?.Reason));
        Assert.Equal(StatusCode.OK, nothing.Code);
        Assert.Equal(StatusCode.InvalidArgument, empty.Code);
        Assert.Equal(["me||a"], _store.Keys);
        Assert.Equal("1", _store.Text("me||a"));
    }

    private static ExecuteStateTransactionRequest Transaction(params (string Operation, string Key, string Value, Action<StateItem> Change)[] operations) => new()
    {
        StoreName = "store",
        Operations = { operations.Select(operation => new TransactionalStateOperation { OperationType = operation.Operation, Request = Item(operation.Key, operation.Value, operation.Change) }) },
    };

    private static StateItem Item(string key, string value, Action<StateItem>? change = null)
    {
        var item = new StateItem { Key = key, Value = ByteString.CopyFromUtf8(value) };
        change?.Invoke(item);
        return item;
    }
}
