using System.Diagnostics;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>A message in a batch. Its broker waits for the outcome.</summary>
internal sealed class BatchEntry(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<Outcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Names the entry to the app.</summary>
    public string Id { get; } = Guid.NewGuid().ToString();

    public PubSubMessage Message => message;

    public AdmittedEvent Event => admitted;

    /// <summary>Of the message; null while nobody listens.</summary>
    public Activity? Span => span;

    /// <summary>The subscription ends, or the broker's time for this message is over.</summary>
    public CancellationToken Cancellation => cancellationToken;

    public Task<Outcome> Outcome => _outcome.Task;

    public void Complete(Outcome outcome) => _outcome.TrySetResult(outcome);
}

/// <summary>
/// Collects messages until they are as many as the app wants at once, or the first has waited long enough; then hands them
/// on, one batch after the other in the order of arrival.
/// </summary>
internal sealed class MessageBatches
{
    private readonly Lock _lock = new();
    private readonly Func<IReadOnlyList<BatchEntry>, Task> _deliver;
    private readonly BulkSubscribe _limits;
    private readonly ITimer _timer;
    private List<BatchEntry> _waiting = [];
    private Task _delivering = Task.CompletedTask;
    private bool _retired;

    /// <param name="deliver">Completes every entry; what it leaves open when it ends or throws is tried again.</param>
    public MessageBatches(BulkSubscribe limits, Func<IReadOnlyList<BatchEntry>, Task> deliver, TimeProvider time)
    {
        (_limits, _deliver) = (limits, deliver);
        _timer = time.CreateTimer(_ => Flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Answers with what became of the message.</summary>
    public async ValueTask<Outcome> AddAsync(BatchEntry entry)
    {
        lock (_lock)
        {
            _waiting.Add(entry);
            if (_retired || _waiting.Count >= _limits.MaxMessagesCount)
                FlushLocked();
            else if (_waiting.Count == 1)
                _timer.Change(TimeSpan.FromMilliseconds(_limits.MaxAwaitDurationMs), Timeout.InfiniteTimeSpan);
        }

        try
        {
            return await entry.Outcome.WaitAsync(entry.Cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException cancelled)
        {
            return new Outcome(Verdict.Retry, cancelled.Message);
        }
    }

    /// <summary>Sends off what waits, and holds nothing back any more.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            _retired = true;
            FlushLocked();
        }

        _timer.Dispose();
    }

    private void Flush()
    {
        lock (_lock)
            FlushLocked();
    }

    private void FlushLocked()
    {
        if (_waiting.Count == 0)
            return;
        if (!_retired)
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var batch = _waiting;
        _waiting = [];

        // The brokers' calls wait for the entries of the batch, and own it thereby.
        _delivering = DeliverAfterAsync(_delivering, batch);
    }

    private async Task DeliverAfterAsync(Task previous, List<BatchEntry> batch)
    {
        // Never on the thread that brought the last message, which holds the lock.
        await previous.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

        // Whose time is over goes back to the broker without the app having seen it.
        batch.RemoveAll(entry => entry.Cancellation.IsCancellationRequested);
        var reason = "the batch was not delivered";
        try
        {
            if (batch.Count > 0)
                await _deliver(batch).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            reason = failure.Message;
        }

        foreach (var entry in batch)
            entry.Complete(new Outcome(Verdict.Retry, reason));
    }
}
