using Sidecar.Components;

namespace Sidecar.Components.Tests;

public sealed class SharedResourcesTests
{
    private readonly SharedResources _shared = new();

    [Fact]
    public async Task Holders_of_one_key_have_the_same_thing_until_the_last_lets_go()
    {
        var first = _shared.Acquire("k", () => new Thing());
        var second = _shared.Acquire("k", () => new Thing());
        Assert.Same(first.Value, second.Value);

        await first.DisposeAsync();
        Assert.Equal(0, second.Value.Disposals);
        await second.DisposeAsync();
        Assert.Equal(1, second.Value.Disposals);
    }

    [Fact]
    public async Task A_lease_disposed_twice_counts_once()
    {
        var first = _shared.Acquire("k", () => new Thing());
        var second = _shared.Acquire("k", () => new Thing());
        await first.DisposeAsync();
        await first.DisposeAsync();

        Assert.Equal(0, second.Value.Disposals);
    }

    [Fact]
    public async Task After_the_last_let_go_a_new_thing_is_made()
    {
        var first = _shared.Acquire("k", () => new Thing());
        await first.DisposeAsync();

        Assert.NotSame(first.Value, _shared.Acquire("k", () => new Thing()).Value);
    }

    [Fact]
    public void Different_keys_have_different_things() =>
        Assert.NotSame(_shared.Acquire("a", () => new Thing()).Value, _shared.Acquire("b", () => new Thing()).Value);

    private sealed class Thing : IAsyncDisposable
    {
        public int Disposals { get; private set; }

        public ValueTask DisposeAsync()
        {
            Disposals++;
            return ValueTask.CompletedTask;
        }
    }
}
