namespace Sidecar.Components.Sqlite;

/// <summary>
/// A thread with a connection of its own that works off a queue until that is closed. SQLite blocks, so it never runs on
/// the thread pool or on a socket's thread.
/// </summary>
internal sealed class SqliteThread(string name, SqliteFileOptions options, SqliteQueue queue, Action<SqliteSession> work)
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    /// <summary>Done once the connection stands, or failed with the reason why it does not.</summary>
    public Task StartAsync()
    {
        new Thread(Run) { Name = name, IsBackground = true }.Start();
        return _opened.Task;
    }

    private void Run()
    {
        try
        {
            using var session = SqliteSession.Open(options);
            _opened.SetResult();
            work(session);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Operations report their own failures; what arrives here means that this thread cannot go on.
            queue.Abort(failure);
            _opened.TrySetException(failure);
        }
        finally
        {
            _ended.SetResult();
        }
    }
}
