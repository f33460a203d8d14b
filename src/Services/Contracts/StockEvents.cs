namespace Shop.Contracts;

/// <summary>Every line of the order is held in the warehouse.</summary>
public sealed record StockReserved(string OrderId) : IShopEvent
{
    public static string Topic => Topics.Stock;

    public static string Type => "stock.reserved";
}

/// <summary>Not every line could be held, so none is.</summary>
/// <param name="Sku">The first product that was short.</param>
public sealed record StockRejected(string OrderId, string Sku) : IShopEvent
{
    public static string Topic => Topics.Stock;

    public static string Type => "stock.rejected";
}
