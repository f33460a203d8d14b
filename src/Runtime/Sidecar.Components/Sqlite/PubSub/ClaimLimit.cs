namespace Sidecar.Components.Sqlite;

/// <summary>The time that messages claimed together may take. The last handler that ends lets go of it.</summary>
internal sealed class ClaimLimit(int handlers, TimeSpan limit, TimeProvider time)
{
    private readonly CancellationTokenSource _limit = new(limit, time);
    private int _handlers = handlers;

    public CancellationToken Token => _limit.Token;

    public void Release()
    {
        if (Interlocked.Decrement(ref _handlers) == 0)
            _limit.Dispose();
    }

    public async Task CancelAsync()
    {
        try
        {
            await _limit.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The last handler has just ended by itself.
        }
    }
}
