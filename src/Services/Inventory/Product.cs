namespace Shop.Inventory;

/// <summary>What became of an attempt to take stock for an order.</summary>
internal enum Taking
{
    /// <summary>The order holds its quantity, from now or from before.</summary>
    Held,

    /// <summary>Too little is available.</summary>
    Short,

    /// <summary>This order's share was given back or sold already: whoever asks is a late duplicate.</summary>
    Settled,

    /// <summary>Nothing was done: what the asker knows of the order is too old to take stock by it.</summary>
    TooLate,
}

/// <summary>
/// The document of one product, under the key <c>product-{sku}</c>. <see cref="Available"/> + <see cref="Reserved"/> +
/// <see cref="Sold"/> never changes, and every change is decided by what the order's own entry says, so that it happens once however
/// often it is asked for.
/// </summary>
/// <param name="UnitPrice">Cents.</param>
/// <param name="Open">Quantities held, by order.</param>
/// <param name="Settled">Orders whose share was sold or given back lately, with the time in Unix seconds.</param>
internal sealed record Product(
    string Sku,
    string Name,
    long UnitPrice,
    int Available,
    int Reserved,
    int Sold,
    IReadOnlyDictionary<string, int> Open,
    IReadOnlyDictionary<string, long> Settled)
{
    /// <summary>
    /// How long a settled order is remembered. It keeps a duplicate handler that was overtaken between reading the reservation and
    /// writing the product from taking stock again. Such a handler read the reservation before the order was settled, and acts on it
    /// for <see cref="Reservations.Freshness"/> at most; the rest is for clocks that differ between machines. Remembering for longer
    /// would only make a much sold product slow to write.
    /// </summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    public static string Key(string sku) => $"product-{sku}";

    public static Product New(string sku, string name, long unitPrice, int available) =>
        new(sku, name, unitPrice, available, 0, 0, new Dictionary<string, int>(), new Dictionary<string, long>());

    /// <summary>Moves stock from available to reserved, if the order does not hold it yet.</summary>
    public (Product Product, Taking Taking) Take(string orderId, int quantity)
    {
        if (Open.ContainsKey(orderId))
            return (this, Taking.Held);
        if (Settled.ContainsKey(orderId))
            return (this, Taking.Settled);
        if (Available < quantity)
            return (this, Taking.Short);

        var taken = this with
        {
            Available = Available - quantity,
            Reserved = Reserved + quantity,
            Open = new Dictionary<string, int>(Open) { [orderId] = quantity },
        };
        return (taken, Taking.Held);
    }

    /// <summary>Moves what the order holds from reserved to sold.</summary>
    public Product Sell(string orderId, DateTimeOffset now) =>
        Open.TryGetValue(orderId, out var quantity)
            ? this with { Reserved = Reserved - quantity, Sold = Sold + quantity, Open = Without(orderId), Settled = With(orderId, now) }
            : this;

    /// <summary>
    /// Moves what the order holds from reserved back to available. An order that holds nothing here is remembered all the same, so
    /// that a duplicate on its way takes nothing for an order that is refused.
    /// </summary>
    public Product GiveBack(string orderId, DateTimeOffset now)
    {
        if (Open.TryGetValue(orderId, out var quantity))
        {
            return this with
            {
                Available = Available + quantity,
                Reserved = Reserved - quantity,
                Open = Without(orderId),
                Settled = With(orderId, now),
            };
        }

        return Settled.ContainsKey(orderId) ? this : this with { Settled = With(orderId, now) };
    }

    private Dictionary<string, int> Without(string orderId)
    {
        var open = new Dictionary<string, int>(Open);
        open.Remove(orderId);
        return open;
    }

    private Dictionary<string, long> With(string orderId, DateTimeOffset now)
    {
        var forgotten = (now - Memory).ToUnixTimeSeconds();
        var settled = new Dictionary<string, long>(Settled);
        foreach (var (order, at) in Settled)
        {
            if (at < forgotten)
                settled.Remove(order);
        }

        settled[orderId] = now.ToUnixTimeSeconds();
        return settled;
    }
}

/// <summary>What the public sees of a product.</summary>
internal sealed record ProductView(string Sku, string Name, long UnitPrice, int Available, int Reserved, int Sold)
{
    public static ProductView Of(Product product) =>
        new(product.Sku, product.Name, product.UnitPrice, product.Available, product.Reserved, product.Sold);
}
