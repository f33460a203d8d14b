using SQLitePCL;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// The only writer of a file in this process. Everything that waits is done in one transaction (group commit), because the
/// commit is what costs; callers hear of their result after it.
/// </summary>
internal sealed class SqliteWriter(SqliteFileOptions options, SqliteQueue queue)
{
    /// <summary>Bounds how long other processes wait for the lock, and how much one failing commit takes down.</summary>
    private const int MostPerTransaction = 256;

    private readonly List<SqliteOperation> _batch = new(MostPerTransaction);

    public void Run(SqliteSession session)
    {
        while (queue.Take(_batch, MostPerTransaction))
        {
            try
            {
                if (Begin(session))
                    WriteAndCommit(session);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                Abandon(session, failure);
            }

            _batch.Clear();
        }
    }

    /// <summary>Takes the write lock; operations whose patience ends meanwhile leave the batch.</summary>
    /// <returns>False if nothing is left to do.</returns>
    private bool Begin(SqliteSession session)
    {
        var started = Environment.TickCount64;
        while (true)
        {
            _batch.RemoveAll(operation => !operation.IsWanted(options.Path));
            if (_batch.Count == 0)
                return false;
            var code = session.Prepare("BEGIN IMMEDIATE").TryRun();
            if (code == raw.SQLITE_OK)
                return true;
            if (code is not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED))
                session.Check(code);
            LetGoOfImpatient(started);
            session.PauseForLock();
        }
    }

    private void LetGoOfImpatient(long started)
    {
        var waited = Environment.TickCount64 - started;
        foreach (var operation in _batch)
        {
            if (!operation.ToleratesBusy(waited))
                operation.Fail(new ComponentException(SqliteFault.Describe(options.Path, raw.SQLITE_BUSY, "")));
        }

        _batch.RemoveAll(operation => operation.HasFailed);
    }

    private void WriteAndCommit(SqliteSession session)
    {
        foreach (var operation in _batch)
        {
            if (operation.NeedsSavepoint)
                RunInSavepoint(session, operation);
            else
                RunAlone(session, operation);

            // A full disk or a failing one rolls the whole transaction back: nothing of this batch is kept.
            if (session.IsOutsideTransaction)
                throw new ComponentException($"'{options.Path}': SQLite rolled the transaction back; see the failure reported beside this one");
        }

        Commit(session);
        foreach (var operation in _batch)
        {
            if (!operation.HasFailed)
                operation.Complete();
        }
    }

    /// <summary>A single statement that fails leaves nothing behind by itself.</summary>
    private void RunAlone(SqliteSession session, SqliteOperation operation)
    {
        try
        {
            operation.Run(session);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            operation.Fail(SqliteFault.Describe(options.Path, failure));
        }
    }

    private void RunInSavepoint(SqliteSession session, SqliteOperation operation)
    {
        session.Prepare("SAVEPOINT one").Run();
        RunAlone(session, operation);
        if (session.IsOutsideTransaction)
            return;
        if (operation.HasFailed || operation.Undo)
            session.Prepare("ROLLBACK TO one").Run();
        session.Prepare("RELEASE one").Run();
    }

    /// <summary>With a rollback journal a commit waits for readers of other processes; in WAL mode it succeeds at once.</summary>
    private void Commit(SqliteSession session)
    {
        int code;
        while ((code = session.Prepare("COMMIT").TryRun()) == raw.SQLITE_BUSY && _batch.Exists(operation => Environment.TickCount64 < operation.Deadline))
            session.PauseForLock();
        session.Check(code);
    }

    private void Abandon(SqliteSession session, Exception failure)
    {
        if (!session.IsOutsideTransaction)
            session.TryExecute("ROLLBACK");
        foreach (var operation in _batch)
        {
            if (!operation.HasFailed)
                operation.Fail(SqliteFault.Describe(options.Path, failure));
        }
    }
}
