namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>
/// Tells of files in one folder that come, change or go, and of the folder itself being replaced. One for all sidecars of the
/// process that read the folder, because the system gives a user few watches.
/// </summary>
internal sealed class FolderWatch : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Lock _lock = new();
    private FileSystemWatcher? _inside;
    private FileSystemWatcher? _above;
    private bool _isDisposed;

    public FolderWatch(string folder)
    {
        _folder = folder;
        Failure = Attempt(() => _inside = Watch(folder, "*", NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite, Tell));
        if (Path.GetDirectoryName(folder) is { } parent)
            Failure ??= Attempt(() => _above = Watch(parent, Path.GetFileName(folder), NotifyFilters.FileName | NotifyFilters.DirectoryName, (_, _) => WatchAnew()));
    }

    /// <summary>Names of files, without their folder; empty = anything may have changed.</summary>
    public event Action<string>? Changed;

    /// <summary>Why there may be changes that it does not see; null = it sees all.</summary>
    public Exception? Failure { get; }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _inside?.Dispose();
            _above?.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    // What is watched is the folder that had the name when the watch began. Another one may stand there now: deleted and made
    // again, or a link that points elsewhere, as Kubernetes and deployment tools do.
    private void WatchAnew()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _inside?.Dispose();
            _inside = null;
            Attempt(() => _inside = Watch(_folder, "*", NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite, Tell));
        }

        Changed?.Invoke("");
    }

    private void Tell(string name, string? nameBefore)
    {
        Changed?.Invoke(name);
        if (nameBefore is not null)
            Changed?.Invoke(nameBefore);
    }

    private FileSystemWatcher Watch(string folder, string filter, NotifyFilters changes, Action<string, string?> tell)
    {
        var watcher = new FileSystemWatcher(folder, filter) { NotifyFilter = changes };
        try
        {
            watcher.Created += (_, change) => tell(change.Name ?? "", null);
            watcher.Changed += (_, change) => tell(change.Name ?? "", null);
            watcher.Deleted += (_, change) => tell(change.Name ?? "", null);
            watcher.Renamed += (_, change) => tell(change.Name ?? "", change.OldName);
            // Too many changes at once to be told one by one, or the folder is gone.
            watcher.Error += (_, _) => Changed?.Invoke("");
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch
        {
            watcher.Dispose();
            throw;
        }
    }

    private static Exception? Attempt(Action step)
    {
        try
        {
            step();
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return failure;
        }
    }
}
