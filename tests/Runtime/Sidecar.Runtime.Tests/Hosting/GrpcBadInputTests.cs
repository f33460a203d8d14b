using Google.Protobuf;
using Google.Rpc;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.State;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>What nobody should send, at the gRPC API: an answer with the right code, and nothing kept of what was refused.</summary>
public sealed class GrpcBadInputTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly MemoryStateStore _store = new();
    private TestSidecar _sidecar = null!;

    public static TheoryData<string> Methods { get; } =
    [
        "GetState", "GetBulkState", "SaveState", "DeleteState", "DeleteBulkState", "ExecuteStateTransaction", "QueryStateAlpha1", "PublishEvent", "BulkPublishEvent", "BulkPublishEventAlpha1", "GetSecret",
        "GetBulkSecret",
    ];

    public async ValueTask InitializeAsync()
    {
        var drivers = new TestDrivers(_folder);
        drivers.AddStore("store", _store);
        drivers.AddBroker("pubsub");
        drivers.AddSecrets("vault");
        _sidecar = await drivers.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task An_empty_message_names_no_component_and_is_an_invalid_argument(string method)
    {
        var status = await SendAsync(method, []);

        Assert.Equal(StatusCode.InvalidArgument, status.Code);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Bytes_that_are_no_message_are_refused(string method)
    {
        // A field that promises more bytes than follow; a tag with field number 0; a varint without end.
        foreach (var bytes in (byte[][])[[0x0A, 0x05, 1], [0x00, 0x01], [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]])
        {
            var status = await SendAsync(method, bytes);

            Assert.Equal(StatusCode.Internal, status.Code);
            Assert.StartsWith("a message cannot be read", status.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Fields_that_nobody_knows_are_passed_over()
    {
        // SaveStateRequest { store_name: "store", states: [{ key: "k" }], 999: <2 bytes> }
        byte[] save = [0x0A, 5, .. "store"u8, 0x12, 3, 0x0A, 1, (byte)'k', 0xBA, 0x3E, 2, 1, 2];

        Assert.Equal(StatusCode.OK, (await SendAsync("SaveState", save)).Code);
        Assert.Equal(["me||k"], _store.Keys);
    }

    [Fact]
    public async Task Keys_of_any_length_and_characters_and_maps_of_any_size_are_kept()
    {
        var key = new string('k', 200_000) + "/ä😀%2F +";
        var saved = await _sidecar.Channel.SaveAsync(key, "1"u8.ToArray(), item =>
        {
            for (var number = 0; number < 20_000; number++)
                item.Metadata[$"name{number}"] = "value";
        });

        Assert.Equal(StatusCode.OK, saved.Code);
        Assert.Equal("1", (await _sidecar.Channel.GetAsync(key)).Data.ToStringUtf8());
        Assert.Equal([$"me||{key}"], _store.Keys);
    }

    [Fact]
    [Contract(163)]
    public async Task Contract_163_a_message_above_the_limit_is_refused_and_one_at_the_limit_is_not()
    {
        const int limit = 4 * 1024 * 1024;
        var overhead = new SaveStateRequest { StoreName = "store", States = { new StateItem { Key = "k", Value = ByteString.CopyFrom(new byte[limit - 64]) } } }.CalculateSize() - (limit - 64);

        var tooLarge = await _sidecar.Channel.SaveAsync("k", new byte[limit - overhead + 1]);
        Assert.Empty(_store.Keys);
        var fits = await _sidecar.Channel.SaveAsync("k", new byte[limit - overhead]);

        Assert.Equal(StatusCode.ResourceExhausted, tooLarge.Code);
        Assert.Equal(StatusCode.OK, fits.Code);
    }

    [Fact]
    public async Task A_deadline_that_passes_while_a_component_is_slow_ends_the_call_and_the_next_one_is_served()
    {
        var asked = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _store.BeforeGet = _ =>
        {
            asked.TrySetResult();
            return release.Task;
        };
        var request = new GetStateRequest { StoreName = "store", Key = "k" };

        var late = await Eventually.RepeatAsync(
            () => _sidecar.Channel.StatusAsync(DaprMethods.GetState, request, new CallOptions { Timeout = TimeSpan.FromMilliseconds(200) }), () => asked.Task.IsCompleted, "the store to be asked");
        using var giveUp = new CancellationTokenSource();
        var cancelled = _sidecar.Channel.CallAsync(DaprMethods.GetState, request, cancellationToken: giveUp.Token).AsTask();
        await giveUp.CancelAsync();

        Assert.All(late, status => Assert.Equal(StatusCode.DeadlineExceeded, status.Code));
        Assert.Equal(StatusCode.Cancelled, (await cancelled.WithinAsync("the end of the cancelled call")).Status.Code);
        release.SetResult();
        Assert.Equal(StatusCode.OK, (await _sidecar.Channel.StatusAsync(DaprMethods.GetState, request)).Code);
    }

    [Fact]
    public async Task A_transaction_whose_caller_gives_up_before_it_began_changes_nothing()
    {
        _store.TransactionGate = new TaskCompletionSource().Task;
        var request = new ExecuteStateTransactionRequest
        {
            StoreName = "store",
            Operations = { new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = "k" } } },
        };

        var late = await Eventually.RepeatAsync(
            () => _sidecar.Channel.StatusAsync(DaprMethods.Transact, request, new CallOptions { Timeout = TimeSpan.FromMilliseconds(200) }),
            () => _store.GivenUp.IsCompleted,
            "the store to hear that the caller has given up");

        Assert.All(late, status => Assert.Equal(StatusCode.DeadlineExceeded, status.Code));
        Assert.Empty(_store.Keys);
    }

    [Fact]
    public async Task A_component_that_throws_what_it_likes_is_an_error_of_its_block()
    {
        _store.Fault = new OperationCanceledException("the store gave up");

        var status = await _sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k" });

        Assert.Equal((StatusCode.Internal, "ERR_STATE_GET"), (status.Code, status.Detail<ErrorInfo>()?.Reason));
        Assert.Contains("the store gave up", status.Message, StringComparison.Ordinal);
    }

    private async Task<GrpcStatus> SendAsync(string method, byte[] message) => await _sidecar.Channel.StatusAsync(DaprMethods.Raw(method), message);
}
