using Sidecar.Components.Sqlite;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

public sealed class SqliteFileTests : IAsyncLifetime
{
    private static readonly SqliteLimits Limits = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60));

    private readonly TempFolder _folder = new();
    private readonly SharedResources _shared = new();
    private SharedLease<SqliteFile> _lease = null!;

    private string Path => _folder.File("sub/folder/data.db");

    private SqliteFile File => _lease.Value;

    public async ValueTask InitializeAsync() => _lease = await OpenAsync(_shared);

    public async ValueTask DisposeAsync()
    {
        await _lease.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_waits_is_written_in_one_transaction()
    {
        using var gate = new ManualResetEventSlim();
        using var raw = new RawDatabase(Path);
        var blocker = WriteAsync(_ =>
        {
            gate.Wait();
            return 0L;
        });

        // Each tells how many rows another connection sees while it writes its own.
        var writes = Enumerable.Range(0, 100).Select(number => WriteAsync(session =>
        {
            session.Execute("INSERT INTO t(k) VALUES ($1)", $"{number}");
            return raw.Count("t");
        })).ToList();
        gate.Set();
        await blocker.WithinAsync("the first write");

        Assert.All(await Task.WhenAll(writes).WithinAsync("the writes"), seen => Assert.Equal(0, seen));
        Assert.Equal(100, raw.Count("t"));
    }

    [Fact]
    public async Task An_operation_that_fails_leaves_nothing_and_spoils_no_neighbour()
    {
        using var gate = new ManualResetEventSlim();
        var blocker = WriteAsync(_ =>
        {
            gate.Wait();
            return 0L;
        });
        var before = WriteAsync(session => session.Execute("INSERT INTO t(k) VALUES ('before')"));
        var failing = WriteAsync(session =>
        {
            session.Execute("INSERT INTO t(k) VALUES ('half')");
            return session.Execute("INSERT INTO t(k) VALUES ('before')");
        });
        var throwing = WriteAsync(session =>
        {
            session.Execute("INSERT INTO t(k) VALUES ('other half')");
            throw new InvalidOperationException("changed its mind");
        });
        var after = WriteAsync(session => session.Execute("INSERT INTO t(k) VALUES ('after')"));
        gate.Set();

        await Task.WhenAll(blocker, before, after).WithinAsync("the neighbours");
        Assert.Contains(Path, (await Assert.ThrowsAsync<ComponentException>(() => failing)).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => throwing);
        using var raw = new RawDatabase(Path);
        Assert.Equal("after,before", raw.Scalar("SELECT group_concat(k) FROM (SELECT k FROM t ORDER BY k)"));
    }

    [Fact]
    public async Task Two_processes_on_one_file_lose_no_write()
    {
        await using var other = await OpenAsync(new SharedResources());
        await WriteAsync(session => session.Execute("INSERT INTO t(k, n) VALUES ('counter', 0)"));
        long Increment(SqliteSession session)
        {
            var now = (long)session.Scalar("SELECT n FROM t WHERE k='counter'")!;
            return session.Execute("UPDATE t SET n=$1 WHERE k='counter'", now + 1);
        }

        await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            for (var times = 0; times < 25; times++)
                await (number % 2 == 0 ? File : other.Value).WriteAsync(new Operation(Increment), Limits, CancellationToken.None);
        })).WithinAsync("the increments");

        using var raw = new RawDatabase(Path);
        Assert.Equal(1000L, raw.Scalar("SELECT n FROM t WHERE k='counter'"));
    }

    [Fact]
    public async Task A_lock_of_another_process_is_waited_for()
    {
        using var raw = new RawDatabase(Path);
        raw.Execute("BEGIN IMMEDIATE");
        var write = WriteAsync(session => session.Execute("INSERT INTO t(k) VALUES ('1')"));
        raw.Execute("INSERT INTO t(k) VALUES ('2')");
        raw.Execute("COMMIT");

        await write.WithinAsync("the write after the lock");
        Assert.Equal(2, raw.Count("t"));
    }

    [Fact]
    public async Task A_lock_that_stays_fails_the_call_naming_the_file_and_the_next_one_passes()
    {
        using var raw = new RawDatabase(Path);
        raw.Execute("BEGIN IMMEDIATE");
        var impatient = new SqliteLimits(TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(20));
        var insert = new Operation(session => session.Execute("INSERT INTO t(k) VALUES ('1')"));

        var failure = await Assert.ThrowsAsync<ComponentException>(() => File.WriteAsync(insert, impatient, CancellationToken.None));
        Assert.Contains(Path, failure.Message);
        Assert.Contains("busyTimeout", failure.Message);
        raw.Execute("COMMIT");
        await WriteAsync(session => session.Execute("INSERT INTO t(k) VALUES ('2')"));
        Assert.Equal("2", raw.Scalar("SELECT group_concat(k) FROM t"));
    }

    [Fact]
    public async Task A_call_cancelled_while_it_waits_is_not_done()
    {
        using var gate = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var blocker = WriteAsync(_ =>
        {
            begun.TrySetResult();
            gate.Wait();
            return 0L;
        });
        await begun.Task.WithinAsync("the first write to begin");
        var cancelled = File.WriteAsync(new Operation(session => session.Execute("INSERT INTO t(k) VALUES ('1')")), Limits, cancellation.Token);
        await cancellation.CancelAsync();
        gate.Set();

        await blocker.WithinAsync("the first write");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        using var raw = new RawDatabase(Path);
        Assert.Equal(0, raw.Count("t"));
    }

    [Fact]
    public async Task Callers_never_run_on_the_threads_of_the_database()
    {
        await WriteAsync(session => session.Execute("INSERT INTO t(k) VALUES ('1')"));
        Assert.NotEqual("sqlite-write", Thread.CurrentThread.Name);
        var name = "";
        await File.ReadAsync(new Operation(_ => (name = Thread.CurrentThread.Name!).Length), Limits, CancellationToken.None);

        Assert.Equal("sqlite-read", name);
        Assert.NotEqual("sqlite-read", Thread.CurrentThread.Name);
    }

    [Fact]
    public async Task Disposal_finishes_what_was_asked_for_and_refuses_more()
    {
        var writes = Enumerable.Range(0, 50).Select(number => WriteAsync(session => session.Execute("INSERT INTO t(k) VALUES ($1)", $"{number}"))).ToList();
        await _lease.DisposeAsync();

        await Task.WhenAll(writes).WithinAsync("the writes");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => WriteAsync(_ => 0L));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named_with_the_remedy()
    {
        _folder.Write("broken.db", new string('x', 5000));

        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(_shared, _folder.File("broken.db")));
        Assert.Contains(_folder.File("broken.db"), failure.Message);
        Assert.Contains("move it away", failure.Message);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named_with_the_remedy()
    {
        _folder.Write("file", "");

        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(_shared, _folder.File("file/data.db")));
        Assert.Contains(_folder.File("file/data.db"), failure.Message);
        Assert.Contains("folder", failure.Message);
    }

    [Fact]
    public async Task A_broken_file_can_be_replaced_without_a_restart()
    {
        var path = _folder.Write("broken.db", new string('x', 5000));
        await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(_shared, path));
        System.IO.File.Delete(path);

        await (await OpenAsync(_shared, path)).DisposeAsync();
    }

    private Task<SharedLease<SqliteFile>> OpenAsync(SharedResources shared, string? path = null) => SqliteFile.OpenAsync(
        shared,
        new SqliteFileOptions { Path = path ?? Path },
        new SqliteScript("CREATE TABLE IF NOT EXISTS t(k TEXT PRIMARY KEY, n INTEGER)"),
        Limits,
        CancellationToken.None);

    private Task<long> WriteAsync(Func<SqliteSession, long> work) => File.WriteAsync(new Operation(work), Limits, CancellationToken.None);

    private sealed class Operation(Func<SqliteSession, long> work) : SqliteOperation<long>
    {
        public override bool NeedsSavepoint => true;

        protected override long Execute(SqliteSession session) => work(session);
    }
}
