using Dapr.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Inventory;

internal static class InventoryApi
{
    public static void MapInventory(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/products", GetProductsAsync);
        routes.MapGet("/prices", GetPrices);

        routes.MapEvent<OrderSubmitted, Reservations>((reservations, order, stop) => reservations.OnAsync(order, stop));
        routes.MapEvent<OrderConfirmed, Reservations>((reservations, order, stop) => reservations.OnAsync(order, stop));
        routes.MapEvent<OrderCancelled, Reservations>((reservations, order, stop) => reservations.OnAsync(order, stop));
    }

    internal static async Task<Ok<List<ProductView>>> GetProductsAsync(DaprClient dapr, CancellationToken cancellationToken)
    {
        var products = new List<ProductView>();
        foreach (var sku in Catalog.Skus)
        {
            if (await dapr.GetStateAsync<Product>(StateDocuments.Store, Product.Key(sku), cancellationToken: cancellationToken) is { } product)
                products.Add(ProductView.Of(product));
        }

        return TypedResults.Ok(products);
    }

    /// <summary>Cents by sku, of every product.</summary>
    internal static Results<Ok<IReadOnlyDictionary<string, long>>, ProblemHttpResult> GetPrices(HttpContext http, Catalog catalog) =>
        catalog.Prices is { } prices
            ? TypedResults.Ok(prices)
            : ShopProblems.Unavailable(http, "The catalog is not in place yet.");
}
