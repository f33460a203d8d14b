using Shop.ServiceDefaults;

namespace Services.Tests.Defaults;

public sealed class KeyedLockTests
{
    [Fact]
    public async Task OneKey_IsHeldByOneAtATime_InTheOrderOfAsking()
    {
        var keys = new KeyedLock();
        var first = await keys.AcquireAsync("a", CancellationToken.None);
        var second = keys.AcquireAsync("a", CancellationToken.None);
        var third = keys.AcquireAsync("a", CancellationToken.None);
        using var other = await keys.AcquireAsync("b", CancellationToken.None);
        Assert.False(second.IsCompleted);

        first.Dispose();
        first.Dispose();
        (await second).Dispose();
        (await third).Dispose();
        using var again = await keys.AcquireAsync("a", CancellationToken.None);
    }

    [Fact]
    public async Task WhoGaveUpWaiting_IsPassedOver()
    {
        var keys = new KeyedLock();
        using var stop = new CancellationTokenSource();
        var first = await keys.AcquireAsync("a", CancellationToken.None);
        var second = keys.AcquireAsync("a", stop.Token);
        var third = keys.AcquireAsync("a", CancellationToken.None);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Dispose();
        (await third).Dispose();
    }
}
