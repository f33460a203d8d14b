namespace Sidecar.Runtime.State.Outbox;

/// <summary>The events that wait for one transaction.</summary>
internal sealed class OutboxBatch(OutboxTransactions transactions)
{
    private readonly List<string> _ids = [];

    public void Begin(string id)
    {
        _ids.Add(id);
        transactions.Begin(id);
    }

    public void Complete(TransactionEnd end)
    {
        foreach (var id in _ids)
            transactions.End(id, end);
    }
}
