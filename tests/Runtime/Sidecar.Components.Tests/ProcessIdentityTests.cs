using System.Diagnostics;
using Sidecar.Components.Sqlite;

namespace Sidecar.Components.Tests;

public sealed class ProcessIdentityTests
{
    private readonly ProcessIdentity _mine = ProcessIdentity.Current;

    [Fact]
    public void This_process_is_alive() => Assert.True((_mine with { }).IsAlive());

    [Fact]
    public void The_same_number_with_another_start_is_another_process() => Assert.False((_mine with { Started = _mine.Started + "1" }).IsAlive());

    [Fact]
    public void A_process_of_an_earlier_boot_is_dead() => Assert.False((_mine with { Started = "earlier/pid:[1]/7" }).IsAlive());

    [Fact]
    public void A_process_of_another_container_cannot_be_judged_and_counts_as_alive() =>
        Assert.True(new ProcessIdentity(int.MaxValue, $"{_mine.Started.Split('/')[0]}/pid:[1]/7").IsAlive());

    [Fact]
    public void A_number_that_nobody_has_is_nobody() => Assert.Null(ProcessIdentity.Of(int.MaxValue));

    [Fact]
    public async Task A_process_that_has_ended_is_dead()
    {
        using var process = Process.Start(new ProcessStartInfo("sleep", "60"))!;
        var identity = ProcessIdentity.Of(process.Id)!;
        Assert.True(identity.IsAlive());
        process.Kill();
        await process.WaitForExitAsync();

        Assert.False(identity.IsAlive());
    }

    [Fact]
    public void A_broker_is_read_back_and_two_of_one_process_differ()
    {
        var broker = BrokerOwner.Create();

        Assert.Equal(broker, BrokerOwner.Parse(broker.ToString()));
        Assert.NotEqual(broker, BrokerOwner.Create());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b c")]
    [InlineData("1 2")]
    public void Other_text_is_no_broker(string text) => Assert.Null(BrokerOwner.Parse(text));
}
