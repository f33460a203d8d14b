using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Components.Redis;
using Sidecar.Components.State;
using TestSupport;

namespace Sidecar.Components.Tests.Redis;

/// <summary>The client against a server that does whatever a server might do.</summary>
public sealed class RedisClientTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _open = [];

    private static CancellationToken None => CancellationToken.None;

    private static StateUpsert Upsert => new("k", "1"u8.ToArray());

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        for (var index = _open.Count - 1; index >= 0; index--)
            await _open[index].DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Many_callers_share_one_connection_and_each_gets_its_own_reply()
    {
        var server = Serve(command => command[0] == "GET" ? FakeRedis.Bulk(command[1]) : command[0] == "HGETALL" ? "-WRONGTYPE\r\n" : FakeRedis.NotMine);
        var store = await OpenAsync(server);

        var read = await Task.WhenAll(Enumerable.Range(0, 500).Select(number => store.GetAsync($"key {number}", default, None).AsTask()));

        Assert.Equal(Enumerable.Range(0, 500).Select(number => $"key {number}"), read.Select(item => System.Text.Encoding.UTF8.GetString(item!.Value.Span)));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Components_of_one_process_share_the_connection()
    {
        var server = Serve(_ => FakeRedis.NotMine);
        var shared = new SharedResources();
        await OpenAsync(server, shared);
        await OpenAsync(server, shared);

        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task User_password_and_database_are_told_at_once()
    {
        var server = Serve(_ => FakeRedis.NotMine);
        await OpenAsync(server, null, ("redisUsername", "ann"), ("redisPassword", "secret"), ("redisDB", "3"));

        Assert.Equal(["AUTH ann secret", "SELECT 3", "PING"], server.Commands.Take(3));
    }

    [Theory]
    [InlineData("-WRONGPASS invalid username-password pair or user is disabled.\r\n", "'redisPassword' is not what")]
    [InlineData("-ERR invalid password\r\n", "'redisPassword' is not what")]
    [InlineData("-ERR AUTH <password> called without any password configured for the default user.\r\n", "has no password")]
    public async Task A_password_that_is_refused_fails_the_start_at_once(string refusal, string told)
    {
        var server = Serve(command => command[0] == "AUTH" ? refusal : FakeRedis.NotMine);
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(server, null, ("redisPassword", "secret")).WithinAsync("the end of the start"));

        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PING", "-NOAUTH Authentication required.\r\n", "set metadata field 'redisPassword'")]
    [InlineData("SELECT", "-ERR DB index is out of range\r\n", "'redisDB' names a database")]
    [InlineData("PING", "-NOPERM this user has no permissions to run the 'ping' command\r\n", "redisUsername")]
    public async Task Whatever_else_will_not_pass_fails_the_start_at_once(string name, string refusal, string told)
    {
        var server = Serve(command => command[0] == name ? refusal : FakeRedis.NotMine);
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(server, null, ("redisDB", "99")).WithinAsync("the end of the start"));

        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u0001")]
    [InlineData("-ERR max number of clients reached\r\n\u0001")]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n")]
    [InlineData("$999999999999\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n\u0001")]
    public async Task A_server_that_is_not_ready_is_waited_for(string answer)
    {
        var refusals = 3;
        var server = Serve(command => command[0] == "PING" && Interlocked.Decrement(ref refusals) >= 0 ? answer : FakeRedis.NotMine);

        await OpenAsync(server).WithinAsync("the start");
    }

    [Fact]
    public async Task Waiting_ends_with_the_token_and_tells_for_what()
    {
        using var initTimeout = new CancellationTokenSource();
        var port = FreePorts.Next();
        var store = new RedisStateStore();
        _open.Add(store);
        var start = store.InitAsync(Contexts.For(_folder, metadata: [("redisHost", $"127.0.0.1:{port}")]), initTimeout.Token);
        await initTimeout.CancelAsync();

        var failure = await Assert.ThrowsAsync<ComponentException>(() => start.WithinAsync("the end of the start"));
        Assert.Contains($"127.0.0.1:{port}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_is_sent_again_when_the_connection_breaks_in_the_middle_of_its_reply()
    {
        var times = 0;
        var server = Serve(command => command[0] != "HGETALL" ? FakeRedis.NotMine
            : Interlocked.Increment(ref times) < 3 ? $"*4\r\n$4\r\ndata\r\n$10\r\n12{FakeRedis.Cut}" : Item("1", "7"));
        var store = await OpenAsync(server);

        Assert.Equal("7", (await store.GetAsync("k", default, None))!.ETag);
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task A_write_whose_reply_was_lost_is_not_sent_again()
    {
        var server = Serve(command => command[0] == "EVALSHA" ? $"{FakeRedis.Cut}" : FakeRedis.NotMine);
        var store = await OpenAsync(server);

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.SetAsync(Upsert, None));
        Assert.Contains("whether the server has done it is not known", failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Commands, command => command.StartsWith("EVALSHA", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_that_the_server_refused_for_the_moment_is_sent_again()
    {
        var times = 0;
        var server = Serve(command => command[0] != "EVALSHA" ? FakeRedis.NotMine : Interlocked.Increment(ref times) < 3 ? "-LOADING wait\r\n" : ":1\r\n");
        var store = await OpenAsync(server);

        Assert.Equal(StateResult.Ok, await store.SetAsync(Upsert, None));
        Assert.Equal(3, times);
    }

    [Fact]
    public async Task No_more_retries_than_allowed_are_made()
    {
        var times = 0;
        var server = Serve(command =>
        {
            if (command[0] != "HGETALL")
                return FakeRedis.NotMine;
            Interlocked.Increment(ref times);
            return $"{FakeRedis.Cut}";
        });
        var store = await OpenAsync(server, null, ("redisMaxRetries", "2"));

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.GetAsync("k", default, None));
        Assert.Contains($"127.0.0.1:{server.Port}", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, times);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_left_after_readTimeout()
    {
        var isMute = true;
        var server = Serve(command => command[0] != "HGETALL" ? FakeRedis.NotMine : isMute ? null : Item("1", "7"));
        var store = await OpenAsync(server, null, ("readTimeout", "100ms"), ("redisMaxRetries", "-1"));

        var failure = await Assert.ThrowsAsync<ComponentException>(() => store.GetAsync("k", default, None).AsTask().WithinAsync("the end of the read"));
        Assert.Contains("readTimeout", failure.Message, StringComparison.Ordinal);
        isMute = false;

        // On a busy machine an answer may well take longer than that.
        Assert.Equal("7", (await Eventually.GetAsync(async () => await store.GetAsync("k", default, None), "an answer")).ETag);
        Assert.True(server.Connections > 1, "the connection was kept");
    }

    [Fact]
    public async Task Nonsense_breaks_the_connection_and_nothing_else()
    {
        var times = 0;
        var server = Serve(command => command[0] != "HGETALL" ? FakeRedis.NotMine : Interlocked.Increment(ref times) == 1 ? "nonsense\r\n" : Item("1", "7"));
        var store = await OpenAsync(server);

        Assert.Equal("7", (await store.GetAsync("k", default, None))!.ETag);
    }

    [Theory]
    [InlineData("-OOM command not allowed when used memory > 'maxmemory'.\r\n", "out of memory")]
    [InlineData("-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.\r\n", "cannot write to its disk")]
    [InlineData("-READONLY You can't write against a read only replica.\r\n", "is a replica")]
    [InlineData("-NOREPLICAS Not enough good replicas to write.\r\n", "fewer replicas")]
    [InlineData("-ERR something\r\n", "ERR something")]
    public async Task What_a_server_cannot_do_is_told_in_plain_words(string refusal, string told)
    {
        var server = Serve(command => command[0] == "EVALSHA" ? refusal : FakeRedis.NotMine);
        var store = await OpenAsync(server);

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.SetAsync(Upsert, None));
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_that_the_server_gives_up_tells_why()
    {
        var server = Serve(command => command[0] switch
        {
            "EVAL" => "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
            "EXEC" => "-EXECABORT Transaction discarded because of previous errors.\r\n",
            _ => FakeRedis.NotMine,
        });
        var store = await OpenAsync(server);

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.TransactAsync([Upsert], None));
        Assert.Contains("out of memory", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_the_server_does_not_know_is_sent_as_text()
    {
        var server = Serve(command => command[0] == "EVALSHA" ? "-NOSCRIPT No matching script.\r\n" : command[0] == "EVAL" ? ":1\r\n" : FakeRedis.NotMine);
        var store = await OpenAsync(server);

        Assert.Equal(StateResult.Ok, await store.SetAsync(Upsert, None));
    }

    [Fact]
    public async Task A_delete_that_fails_counts_as_another_etag_as_Dapr_has_it()
    {
        var server = Serve(command => command[0] == "EVALSHA" ? "-ERR something\r\n" : FakeRedis.NotMine);
        var store = await OpenAsync(server);

        Assert.Equal(StateResult.ETagMismatch, await store.DeleteAsync(new StateDelete("k"), None));
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_the_others_their_replies()
    {
        var answered = new TaskCompletionSource();
        var server = Serve(command =>
        {
            if (command[0] != "HGETALL")
                return FakeRedis.NotMine;
            if (command[1] == "slow")
                answered.Task.Wait();
            return Item(command[1], "7");
        });
        var store = await OpenAsync(server);
        using var patience = new CancellationTokenSource();
        var slow = store.GetAsync("slow", default, patience.Token).AsTask();
        var other = store.GetAsync("other", default, None).AsTask();
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow.WithinAsync("the end of the call"));
        answered.SetResult();
        Assert.Equal("other"u8.ToArray(), (await other)!.Value.ToArray());
    }

    [Fact]
    public async Task Sentinels_are_asked_in_turn_for_the_master()
    {
        var master = Serve(command => command[0] == "ROLE" ? FakeRedis.Array("+master\r\n", ":0\r\n", "*0\r\n") : FakeRedis.NotMine);
        var knowing = Serve(command => command[0] == "SENTINEL" ? FakeRedis.Array(FakeRedis.Bulk("127.0.0.1"), FakeRedis.Bulk($"{master.Port}")) : FakeRedis.NotMine);
        var ignorant = Serve(command => command[0] == "SENTINEL" ? "*-1\r\n" : FakeRedis.NotMine);
        var sentinels = $"127.0.0.1:{FreePorts.Next()},127.0.0.1:{ignorant.Port},127.0.0.1:{knowing.Port}";
        await OpenAsync(master, null, ("redisHost", sentinels), ("failover", "true"), ("sentinelMasterName", "main"), ("sentinelPassword", "theirs"), ("redisPassword", "ours"));

        Assert.Equal(["AUTH theirs", "PING", "SENTINEL get-master-addr-by-name main"], knowing.Commands);
        Assert.Equal(["AUTH ours", "PING", "ROLE"], master.Commands.Take(3));
    }

    [Fact]
    public async Task A_master_that_is_none_any_more_is_asked_for_again()
    {
        var isMaster = false;
        var server = Serve(command => command[0] == "ROLE" ? FakeRedis.Array(isMaster ? "+master\r\n" : "+slave\r\n", ":0\r\n") : FakeRedis.NotMine);
        var sentinel = Serve(command =>
        {
            if (command[0] != "SENTINEL")
                return FakeRedis.NotMine;
            isMaster = server.Connections > 0;
            return FakeRedis.Array(FakeRedis.Bulk("127.0.0.1"), FakeRedis.Bulk($"{server.Port}"));
        });

        await OpenAsync(server, null, ("redisHost", $"127.0.0.1:{sentinel.Port}"), ("failover", "true"), ("sentinelMasterName", "main")).WithinAsync("the start");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tls_verifies_the_server_unless_told_otherwise_and_shows_a_certificate(bool skipsVerification)
    {
        using var certificate = SelfSigned("CN=127.0.0.1");
        using var client = SelfSigned("CN=client");
        string? shown = null;
        await using var server = new FakeRedis(_ => FakeRedis.NotMine, new()
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, given, _, _) => (shown = given?.Subject) is not null,
        });
        using var initTimeout = new CancellationTokenSource();
        var store = new RedisStateStore();
        _open.Add(store);
        (string, string)[] tls =
        [
            .. server.Metadata, ("enableTLS", "true"), ("insecureSkipTLSVerify", $"{skipsVerification}"),
            ("clientCert", client.ExportCertificatePem()), ("clientKey", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
        ];
        var start = store.InitAsync(Contexts.For(_folder, metadata: tls), initTimeout.Token);
        if (skipsVerification)
        {
            await start.WithinAsync("the start");
            Assert.Equal("CN=client", shown);
            return;
        }

        await Eventually.TrueAsync(() => server.Connections > 1, "another try to connect");
        await initTimeout.CancelAsync();
        var failure = await Assert.ThrowsAsync<ComponentException>(() => start.WithinAsync("the end of the start"));
        Assert.Contains("TLS", failure.Message, StringComparison.Ordinal);
    }

    private static string Item(string data, string version) =>
        FakeRedis.Array(FakeRedis.Bulk("data"), FakeRedis.Bulk(data), FakeRedis.Bulk("version"), FakeRedis.Bulk(version));

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private FakeRedis Serve(Func<string[], string?> answer)
    {
        var server = new FakeRedis(answer);
        _open.Add(server);
        return server;
    }

    private async Task<RedisStateStore> OpenAsync(FakeRedis server, SharedResources? shared = null, params (string, string)[] metadata)
    {
        var store = new RedisStateStore();
        _open.Add(store);
        await store.InitAsync(Contexts.For(_folder, shared, metadata: [.. server.Metadata, .. metadata]), None);
        return store;
    }
}
