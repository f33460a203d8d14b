using Dapr;
using Dapr.Client;
using Shop.ServiceDefaults;

namespace Shop.Inventory;

/// <summary>
/// The products on sale. Their documents are inserted at the first start and never again overwritten; until they are there the
/// service is not ready.
/// </summary>
internal sealed class Catalog(DaprClient dapr, TimeProvider clock, ILogger<Catalog> log) : BackgroundService, IReadiness
{
    private static readonly Product[] Seed =
    [
        Product.New("tea", "Green tea, 100 g", 450, 10_000),
        Product.New("mug", "Stoneware mug", 1_290, 10_000),
        Product.New("kettle", "Copper kettle", 8_900, 3),
    ];

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private volatile IReadOnlyDictionary<string, long>? _prices;

    /// <summary>Every sku, in the order of the catalog.</summary>
    public static IEnumerable<string> Skus => Seed.Select(product => product.Sku);

    /// <summary>Cents by sku, as stored; null until the catalog is in place.</summary>
    public IReadOnlyDictionary<string, long>? Prices => _prices;

    public string? Lacks => _prices is null ? "The catalog is not in place." : null;

    /// <summary>Inserts what is missing and reads the prices of what is there.</summary>
    internal async Task SeedAsync(CancellationToken cancellationToken)
    {
        var prices = new Dictionary<string, long>();
        foreach (var product in Seed)
        {
            var (standing, _) = await dapr.InsertOrGetAsync(Product.Key(product.Sku), product, cancellationToken: cancellationToken);
            prices[standing.Sku] = standing.UnitPrice;
        }

        _prices = prices;
        log.Seeded(prices.Count);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The sidecar starts at the same time as this service, so the first attempts may well find nobody.
        while (_prices is null)
        {
            try
            {
                await SeedAsync(stoppingToken);
            }
            catch (DaprException failure)
            {
                log.NotSeeded(failure.InnerException?.Message ?? failure.Message);
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }
}
