using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Orders;

/// <summary>
/// What an Idempotency-Key was first used for, under <c>idempotency-{sha256 of the key}</c>. The order is kept here as it is to be
/// inserted, so that whoever comes with the key again, after whatever happened to the first, inserts the same one.
/// </summary>
internal sealed record IdempotencyRecord(string Fingerprint, Order Order);

/// <summary>Outcome of placing an order; <see cref="Order"/> is null when the key was used for another body.</summary>
internal readonly record struct Placement(Order? Order);

/// <summary>Accepts orders: exactly one for an Idempotency-Key, and never one without the event that announces it.</summary>
internal sealed class OrderPlacement(DaprClient dapr, TimeProvider clock, ILogger<OrderPlacement> log)
{
    /// <summary>The same backend as the state store, with the outbox.</summary>
    private const string OutboxStore = "orderstore";

    public const int MaxKeyLength = 255;

    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private static readonly Dictionary<string, string> KeptForADay = new() { ["ttlInSeconds"] = "86400" };

    private readonly KeyedLock _twins = new();

    public static bool IsKey(string? text) => !string.IsNullOrWhiteSpace(text) && text.Length <= MaxKeyLength;

    /// <summary>Inserts a new order under a new id.</summary>
    /// <exception cref="DaprException">Nothing was accepted.</exception>
    public async Task<Order> PlaceAsync(OrderRequest request, (IReadOnlyList<OrderLine> Lines, long Total) priced, CancellationToken cancellationToken)
    {
        var order = Submit(request, priced);
        await InsertAsync(order, cancellationToken);
        return order;
    }

    /// <summary>The placement that the key already stands for; null when it is new.</summary>
    public async Task<Placement?> FindAsync(string key, OrderRequest request, CancellationToken cancellationToken)
    {
        using var alone = await _twins.AcquireAsync(key, cancellationToken);
        var record = await dapr.GetStateAsync<IdempotencyRecord>(StateDocuments.Store, KeyOf(key), cancellationToken: cancellationToken);
        return record is null ? null : await HonourAsync(record, request, cancellationToken);
    }

    /// <summary>Inserts the order of this key, whichever of the requests that bring the key came first.</summary>
    /// <exception cref="DaprException">Nothing was accepted; the same request again will accept the same order.</exception>
    public async Task<Placement> PlaceOnceAsync(
        string key, OrderRequest request, (IReadOnlyList<OrderLine> Lines, long Total) priced, CancellationToken cancellationToken)
    {
        // A twin waits until the first has inserted its order, rather than racing it for that insert: the loser's outbox message
        // would have no marker, and go round until its time is up.
        using var alone = await _twins.AcquireAsync(key, cancellationToken);
        var mine = new IdempotencyRecord(request.Fingerprint(), Submit(request, priced));
        var (record, created) = await dapr.InsertOrGetAsync(KeyOf(key), mine, KeptForADay, cancellationToken);
        if (!created)
            return await HonourAsync(record, request, cancellationToken);

        await InsertAsync(record.Order, cancellationToken);
        return new Placement(record.Order);
    }

    private async Task<Placement> HonourAsync(IdempotencyRecord record, OrderRequest request, CancellationToken cancellationToken)
    {
        if (record.Fingerprint != request.Fingerprint())
            return new Placement(null);

        // The first may have died between writing the record and inserting the order.
        if (!await ExistsAsync(record.Order.Id, cancellationToken))
            await InsertAsync(record.Order, cancellationToken);
        return new Placement(record.Order);
    }

    private async Task InsertAsync(Order order, CancellationToken cancellationToken)
    {
        var submitted = new OrderSubmitted(order.Id, order.CustomerId, order.Lines, order.Total);
        var key = Order.Key(order.Id);
        StateTransactionRequest[] operations =
        [
            new(key, Json(order), StateOperationType.Upsert, metadata: Announce(), options: FirstWrite),
            new(key, Json(submitted), StateOperationType.Upsert, metadata: Announce(projection: true)),
        ];

        try
        {
            await dapr.ExecuteStateTransactionAsync(OutboxStore, operations, cancellationToken: cancellationToken);
            log.Accepted(order.Id, order.Total);
        }
        catch (DaprException) when (!cancellationToken.IsCancellationRequested)
        {
            // A conflict looks like any other failure here, and a failure may have come after the commit: reading tells them apart.
            if (!await ExistsAsync(order.Id, cancellationToken))
                throw;
            log.AlreadyInserted(order.Id);
        }
    }

    /// <summary>Metadata of an outbox item become attributes of the CloudEvent; the projection is its data, in place of the document.</summary>
    private static Dictionary<string, string> Announce(bool projection = false)
    {
        var metadata = new Dictionary<string, string> { ["type"] = OrderSubmitted.Type };
        if (projection)
        {
            metadata["outbox.projection"] = "true";
            metadata["contentType"] = "application/json";
        }

        return metadata;
    }

    private Order Submit(OrderRequest request, (IReadOnlyList<OrderLine> Lines, long Total) priced) =>
        Order.Submit(Order.NewId(clock), request, priced.Lines, priced.Total, clock.GetUtcNow().UtcDateTime);

    private async Task<bool> ExistsAsync(string orderId, CancellationToken cancellationToken) =>
        await dapr.GetStateAsync<Order>(StateDocuments.Store, Order.Key(orderId), cancellationToken: cancellationToken) is not null;

    private byte[] Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, dapr.JsonSerializerOptions);

    private static string KeyOf(string key) => $"idempotency-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";
}
