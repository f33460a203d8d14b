namespace Sidecar.Testing.Observing;

/// <summary>Waits in real time, whatever clock the sidecars have, and says what was awaited and what happened instead.</summary>
internal sealed class Patience(TimeSpan limit, Func<string> report)
{
    public async Task<T> AwaitAsync<T>(string what, TimeSpan? within, Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        var time = within ?? limit;
        using var over = new CancellationTokenSource(time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            // Not only by the token: what is awaited may not look at it.
            return await wait(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Waited {time.TotalSeconds:0.#} s in vain for: {what}{Environment.NewLine}{report()}");
        }
    }

    public Task AwaitAsync(string what, TimeSpan? within, Func<CancellationToken, Task> wait, CancellationToken cancellationToken) =>
        AwaitAsync(what, within, async token =>
        {
            await wait(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);
}
