namespace Shop.EndToEnd;

/// <summary>One run that the tests of a mode share: starting it is the costly part, and orders do not disturb each other.</summary>
public abstract class ModeFixture(bool isolated) : IAsyncLifetime
{
    public ShopRun Shop { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Shop.StartReadyAsync(isolated);

        // No service of the shop needs it, so the gateway does not wait for it.
        await Shop.HealthyAsync(ShopRun.OrdersOverGrpc);
    }

    public ValueTask DisposeAsync() => Shop.DisposeAsync();
}

public sealed class CoHosted() : ModeFixture(isolated: false);

public sealed class Isolated() : ModeFixture(isolated: true);

/// <summary>All tests of a mode that disturb no other, on one run.</summary>
[CollectionDefinition(nameof(CoHosted))]
public sealed class CoHostedTests : ICollectionFixture<CoHosted>;

/// <inheritdoc cref="CoHostedTests"/>
[CollectionDefinition(nameof(Isolated))]
public sealed class IsolatedTests : ICollectionFixture<Isolated>;
