using Dapr;
using Dapr.Client;
using Shop.ServiceDefaults;

namespace Shop.Inventory;

/// <summary>
/// Changes product documents. Every order of a product changes the same document, so changes that come while it is being written
/// are made together in its next write: a burst of orders costs a few writes, and not two for each of them.
/// </summary>
internal sealed class ProductWriter(DaprClient dapr)
{
    private readonly KeyedLock _writing = new();
    private readonly Dictionary<string, List<Change>> _waiting = [];

    /// <summary>Decides on the product as it stands, and writes what was decided; alone or together with others.</summary>
    /// <param name="sku">Which product.</param>
    /// <param name="decide">May be asked several times; the last answer counts. Null stands for a product that does not exist.</param>
    /// <param name="cancellationToken">Whatever has been decided may be written all the same.</param>
    /// <exception cref="DaprException">Written or not: nobody knows.</exception>
    public async Task<Taking> ChangeAsync(string sku, Func<Product?, (Product? Next, Taking Taking)> decide, CancellationToken cancellationToken)
    {
        var mine = new Change(decide);
        lock (_waiting)
        {
            if (!_waiting.TryGetValue(sku, out var changes))
                _waiting[sku] = changes = [];
            changes.Add(mine);
        }

        try
        {
            using var turn = await _writing.AcquireAsync(sku, cancellationToken);
            if (!mine.IsOver)
                await WriteAsync(sku, cancellationToken);
        }
        finally
        {
            Withdraw(sku, mine);
        }

        return mine.Failure is null ? mine.Taking : throw new DaprException(mine.Failure.Message, mine.Failure);
    }

    private async Task WriteAsync(string sku, CancellationToken cancellationToken)
    {
        Change[] together;
        lock (_waiting)
            together = [.. _waiting[sku]];
        try
        {
            await dapr.UpdateAsync<Product, bool>(
                Product.Key(sku),
                product =>
                {
                    foreach (var change in together)
                        product = change.Decide(product);
                    return (product, true);
                },
                cancellationToken);
        }
        catch (DaprException failure)
        {
            foreach (var change in together)
                change.Failure = failure;
        }

        // Not when it was cancelled: that concerns the caller whose turn it is, and the others wait for theirs.
        lock (_waiting)
        {
            foreach (var change in together)
            {
                change.IsOver = true;
                _waiting[sku].Remove(change);
            }
        }
    }

    private void Withdraw(string sku, Change change)
    {
        lock (_waiting)
        {
            if (!_waiting.TryGetValue(sku, out var changes))
                return;
            changes.Remove(change);
            if (changes.Count == 0)
                _waiting.Remove(sku);
        }
    }

    private sealed class Change(Func<Product?, (Product? Next, Taking Taking)> decide)
    {
        public Taking Taking { get; private set; }

        public DaprException? Failure { get; set; }

        public bool IsOver { get; set; }

        public Product? Decide(Product? product)
        {
            (var next, Taking) = decide(product);
            return next ?? product;
        }
    }
}
