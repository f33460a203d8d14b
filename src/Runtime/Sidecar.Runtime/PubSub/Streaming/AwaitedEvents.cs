using System.Diagnostics.CodeAnalysis;
using Sidecar.Protos;
using Sidecar.Runtime.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Streaming;

/// <summary>An event on its way through a stream. Its broker waits for the outcome.</summary>
internal sealed class AwaitedEvent(TopicEventRequest message)
{
    private readonly TaskCompletionSource<Outcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TopicEventRequest Message => message;

    public Task<Outcome> Outcome => _outcome.Task;

    public void Complete(in Outcome outcome) => _outcome.TrySetResult(outcome);
}

/// <summary>
/// The events of a stream that are not acknowledged, in the order of their arrival: at first unsent, then awaited by id. There
/// are never more than its broker has under way, because one that the broker gives up is forgotten here.
/// </summary>
internal sealed class AwaitedEvents
{
    private readonly Lock _lock = new();
    private readonly LinkedList<AwaitedEvent> _unsent = [];

    // Two deliveries may have one id, also at once: answers to it count in the order in which it was sent.
    private readonly Dictionary<string, LinkedList<AwaitedEvent>> _sent = new(StringComparer.Ordinal);
    private string? _closed;

    /// <summary>False when the stream is closed.</summary>
    public bool TryAdd(AwaitedEvent added)
    {
        lock (_lock)
        {
            if (_closed is not null)
                return false;
            _unsent.AddLast(added);
            return true;
        }
    }

    /// <summary>The next event to send, whose answer is awaited from now on.</summary>
    public bool TryTakeUnsent([NotNullWhen(true)] out AwaitedEvent? next)
    {
        lock (_lock)
        {
            next = _unsent.First?.Value;
            if (next is null)
                return false;
            _unsent.RemoveFirst();
            if (!_sent.TryGetValue(next.Message.Id, out var sameId))
                _sent.Add(next.Message.Id, sameId = []);
            sameId.AddLast(next);
            return true;
        }
    }

    /// <summary>Takes the client's word on an event. False when no answer with this id is awaited.</summary>
    public bool TryComplete(string id, in Outcome outcome)
    {
        AwaitedEvent first;
        lock (_lock)
        {
            if (!_sent.TryGetValue(id, out var sameId))
                return false;
            first = sameId.First!.Value;
            Remove(sameId, first);
        }

        first.Complete(outcome);
        return true;
    }

    /// <summary>Nobody waits for the answer any more.</summary>
    public void Forget(AwaitedEvent awaited)
    {
        lock (_lock)
        {
            if (!_unsent.Remove(awaited) && _sent.TryGetValue(awaited.Message.Id, out var sameId))
                Remove(sameId, awaited);
        }
    }

    /// <summary>What is not sent yet goes back to the broker.</summary>
    public void GiveBackUnsent(string reason)
    {
        List<AwaitedEvent> unsent;
        lock (_lock)
        {
            unsent = [.. _unsent];
            _unsent.Clear();
        }

        GiveBack(unsent, reason);
    }

    /// <summary>All goes back to the broker, and so does what would still come.</summary>
    public void Close(string reason)
    {
        List<AwaitedEvent> all;
        lock (_lock)
        {
            _closed ??= reason;
            all = [.. _unsent, .. _sent.Values.SelectMany(sameId => sameId)];
            _unsent.Clear();
            _sent.Clear();
        }

        GiveBack(all, reason);
    }

    private static void GiveBack(List<AwaitedEvent> events, string reason)
    {
        foreach (var awaited in events)
            awaited.Complete(Outcome.GiveBack(reason));
    }

    private void Remove(LinkedList<AwaitedEvent> sameId, AwaitedEvent removed)
    {
        sameId.Remove(removed);
        if (sameId.Count == 0)
            _sent.Remove(removed.Message.Id);
    }
}
