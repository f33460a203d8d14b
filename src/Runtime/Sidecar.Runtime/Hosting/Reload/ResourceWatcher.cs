using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>
/// Says when the resource folders and configuration files of a sidecar should be read again: shortly after the last of a row of
/// changes, and from time to time in any case, because some changes are told by nobody (a network drive, a link's far end).
/// </summary>
internal sealed class ResourceWatcher : IAsyncDisposable
{
    /// <summary>An editor writes a file in several steps, and a deployment several files.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>Changes without end are acted upon meanwhile.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly Channel<bool> _due = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<(SharedLease<FolderWatch> Lease, Action<string> OnChange)> _watches = [];
    private readonly ITimer _quiet;
    private readonly ITimer _reconcile;
    private readonly Lock _lock = new();
    private long? _firstChange;

    public ResourceWatcher(SidecarOptions options, SharedResources shared, ILogger logger)
    {
        _time = options.Time;
        _quiet = _time.CreateTimer(_ => OnQuiet(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _reconcile = _time.CreateTimer(_ => _due.Writer.TryWrite(true), null, options.ReconcileInterval, options.ReconcileInterval);
        foreach (var folder in SidecarResources.Folders(options))
            Watch(folder, ResourceFolders.IsResourceFile);
        foreach (var file in SidecarResources.ConfigurationFiles(options))
            Watch(Path.GetDirectoryName(file)!, name => name == Path.GetFileName(file));

        void Watch(string folder, Func<string, bool> concerns)
        {
            var lease = shared.Acquire(folder, () => new FolderWatch(folder));
            _watches.Add((lease, OnChange));
            lease.Value.Changed += OnChange;
            if (lease.Value.Failure is { } failure)
                logger.FolderNotWatched(folder, (int)options.ReconcileInterval.TotalSeconds, failure.Message);

            void OnChange(string name)
            {
                // "..data" is the link that Kubernetes turns when it changes all files of a mounted folder at once.
                if (name.Length == 0 || name.StartsWith("..", StringComparison.Ordinal) || concerns(name))
                    Delay();
            }
        }
    }

    /// <summary>An item whenever it is time.</summary>
    public IAsyncEnumerable<bool> DueAsync(CancellationToken cancellationToken) => _due.Reader.ReadAllAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var (lease, onChange) in _watches)
        {
            lease.Value.Changed -= onChange;
            await lease.DisposeAsync().ConfigureAwait(false);
        }

        await _quiet.DisposeAsync().ConfigureAwait(false);
        await _reconcile.DisposeAsync().ConfigureAwait(false);
    }

    private void Delay()
    {
        lock (_lock)
        {
            _firstChange ??= _time.GetTimestamp();
            if (_time.GetElapsedTime(_firstChange.Value) < LongestDelay)
                _quiet.Change(Quiet, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnQuiet()
    {
        lock (_lock)
            _firstChange = null;
        _due.Writer.TryWrite(true);
    }
}
