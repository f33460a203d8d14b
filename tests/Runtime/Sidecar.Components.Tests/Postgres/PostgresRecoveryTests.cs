using Sidecar.Components.State;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.Postgres;

/// <summary>A server that is away, refuses, or goes and comes back.</summary>
public sealed class PostgresRecoveryTests : PostgresTest
{
    [Theory]
    [InlineData("timeout", "500ms", "'timeout'")]
    [InlineData("maxConns", "some", "'maxConns'")]
    [InlineData("queryExecMode", "fast", "'queryExecMode'")]
    [InlineData("tablePrefix", "a b", "'tablePrefix'")]
    [InlineData("metadataTableName", "x\"; --", "'metadataTableName'")]
    [InlineData("useAzureAD", "true", "'useAzureAD'")]
    [InlineData("useAWSIAM", "true", "'useAWSIAM'")]
    [InlineData("connectionString", "user=u", "'connectionString'")]
    [InlineData("tablePrefix", "nowhere.", "make the schema")]
    public async Task A_field_that_is_wrong_is_named(string field, string value, string named) =>
        Assert.Contains(named, (await Assert.ThrowsAsync<ComponentException>(() => OpenAsync("v2", (field, value)))).Message);

    [Fact]
    public async Task A_wrong_password_is_told_at_once_and_not_repeated()
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync("v2", ("password", "wrong-secret")));

        Assert.Contains($"PostgreSQL at 127.0.0.1:{Server.Port} refuses the user 'postgres'", failure.Message);
        Assert.DoesNotContain("wrong-secret", failure.ToString());
    }

    [Fact]
    public async Task A_database_that_is_missing_is_named() =>
        Assert.Contains("has no database 'nowhere'", (await Assert.ThrowsAsync<ComponentException>(() => OpenAsync("v2", ("database", "nowhere")))).Message);

    [Fact]
    public async Task An_address_can_be_given_in_parts_alone()
    {
        var store = await OpenAsync("v2", ("connectionString", ""), ("host", "127.0.0.1"), ("port", $"{Server.Port}"), ("user", "postgres"), ("password", Server.Password));
        Assert.Equal(StateResult.Ok, await store.SetAsync(Upsert("k", "1"), None));
    }

    [Fact]
    public async Task A_user_without_rights_is_told_what_is_missing()
    {
        await SqlAsync($"CREATE USER u{Database} PASSWORD 'p'");
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync("v2", ("user", $"u{Database}"), ("password", "p")));
        Assert.Contains($"does not let the user 'u{Database}'", failure.Message);
    }

    [Fact]
    public async Task A_server_that_is_not_up_yet_is_waited_for_and_named()
    {
        await using var relay = new CuttableRelay(Server.Port);
        relay.Refuse();
        var starting = Create().InitAsync(Context(("port", $"{relay.Port}")), None);
        await Eventually.TrueAsync(
            () =>
            {
                // The pauses follow the clock of the component.
                Clock.Advance(TimeSpan.FromSeconds(1));
                return Log.Lines.Any(line => line.Contains($"Waiting for PostgreSQL: PostgreSQL at 127.0.0.1:{relay.Port} cannot be reached", StringComparison.Ordinal));
            },
            "a line that says what is waited for");
        Assert.False(starting.IsCompleted);
        relay.Accept();
        await Eventually.TrueAsync(
            () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(1));
                return starting.IsCompleted;
            },
            "the start of the store");

        await starting;
        Assert.DoesNotContain(Server.Password, string.Join('\n', Log.Lines));
        await CloseAsync();
    }

    [Fact]
    public async Task Connections_that_were_cut_while_nobody_used_them_are_noticed_by_nobody()
    {
        await using var relay = new CuttableRelay(Server.Port);
        var store = await OpenAsync("v2", ("port", $"{relay.Port}"));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => store.SetAsync(Upsert($"k{number}", "1"), None).AsTask()));
        relay.Cut();
        Assert.Equal("1", Text(await store.GetAsync("k1", default, None)));

        relay.Cut();
        Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(StateResult.Ok, await store.SetAsync(Upsert("k1", "2"), None));
        relay.Cut();
        Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(StateResult.Ok, await store.TransactAsync([Upsert("k1", "3"), Upsert("k2", "3")], None));
        Assert.Equal("3", Text(await store.GetAsync("k1", default, None)));
        await CloseAsync();
    }

    [Fact]
    public async Task A_server_that_is_killed_and_started_again_amid_writes_has_all_that_were_acknowledged()
    {
        await using var own = await BrokerServer.StartAsync(BrokerKind.Postgres);
        Server = own;
        await CreateDatabaseAsync();
        var store = await OpenAsync();
        Task? restart = null;
        HashSet<string> acknowledged = [];
        var failures = 0;
        for (var number = 0; number < 300 || failures == 0; number++)
        {
            if (number == 100 || (failures == 0 && restart is { IsCompletedSuccessfully: true }))
                restart = own.RestartAsync();
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        await store.SetAsync(Upsert($"k{number}", "1"), None);
                        return acknowledged.Add($"k{number}");
                    }
                    catch (ComponentException)
                    {
                        failures++;
                        throw;
                    }
                },
                $"write {number} to be taken",
                BrokerServer.StartPatience);
        }

        await restart!;
        Assert.Equal($"{acknowledged.Count}", await SqlAsync("SELECT count(*) FROM state"));
        await CloseAsync();
    }

    [Fact]
    public async Task While_the_server_is_away_calls_fail_with_its_name_and_the_next_one_after_works()
    {
        await using var relay = new CuttableRelay(Server.Port);
        var store = await OpenAsync("v2", ("port", $"{relay.Port}"));
        relay.Refuse();
        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.GetAsync("k", default, None));
        Assert.Contains($"PostgreSQL at 127.0.0.1:{relay.Port} cannot be reached", failure.Message);
        relay.Accept();

        Assert.Null(await store.GetAsync("k", default, None));
        await CloseAsync();
    }

    [Fact]
    public async Task An_operation_that_takes_longer_than_the_timeout_fails_and_names_it()
    {
        var store = await OpenAsync("v2", ("timeout", "6s"));
        await store.SetAsync(Upsert("k", "1"), None);
        await using var other = await LockAsync("k");

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.SetAsync(Upsert("k", "3"), None));
        Assert.Contains("within the 'timeout' of 6 s", failure.Message);
        await other.CloseAsync();
        Assert.Equal("1", Text(await store.GetAsync("k", default, None)));
    }

    // To break a statement off, Npgsql waits for the server on the thread that it happens to be on: that may be the one thread
    // that serves every socket of a sidecar.
    [Fact]
    public async Task A_caller_that_gives_up_is_let_go_and_its_statement_is_not_broken_off()
    {
        var store = await OpenAsync();
        await store.SetAsync(Upsert("k", "1"), None);
        await using var other = await LockAsync("k");
        using var giveUp = new CancellationTokenSource();
        var write = store.SetAsync(Upsert("k", "3"), giveUp.Token).AsTask();
        await AwaitLockedAsync();

        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write).WithinAsync("the end of the caller's wait");
        await other.CloseAsync();
        await Eventually.TrueAsync(async () => Text(await store.GetAsync("k", default, None)) == "3", "the value that was under way");
    }

    [Fact]
    public async Task A_write_that_still_waits_for_a_connection_is_not_begun_once_its_caller_has_given_up()
    {
        var store = await OpenAsync("v2", ("maxConns", "1"));
        await store.SetAsync(Upsert("k", "1"), None);
        await using var other = await LockAsync("k");
        var first = store.SetAsync(Upsert("k", "3"), None).AsTask();
        await AwaitLockedAsync();
        using var giveUp = new CancellationTokenSource();
        var second = store.SetAsync(Upsert("late", "1"), giveUp.Token).AsTask();

        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await other.CloseAsync();
        Assert.Equal(StateResult.Ok, await first);

        // Whoever waits for the connection gets it in turn, so the second had its chance.
        Assert.Null(await store.GetAsync("late", default, None));
    }

    /// <summary>Another client, whose transaction holds the row of a key until it is closed.</summary>
    private async Task<Npgsql.NpgsqlConnection> LockAsync(string key)
    {
        var other = new Npgsql.NpgsqlConnection($"Host=127.0.0.1;Port={Server.Port};Username=postgres;Password={Server.Password};Database={Database};Pooling=false");
        await other.OpenAsync();
        await using var hold = new Npgsql.NpgsqlCommand($"BEGIN; UPDATE state SET value = '2' WHERE key = '{key}'", other);
        await hold.ExecuteNonQueryAsync();
        return other;
    }

    private Task AwaitLockedAsync() => Eventually.TrueAsync(
        async () => await SqlAsync($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{Database}' AND wait_event_type = 'Lock'") == "1", "a write that waits for the row");
}
