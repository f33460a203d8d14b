using System.Diagnostics;
using Sidecar.Components.Sqlite;

namespace Sidecar.Components.Tests.Sqlite;

public sealed class ProcessIdentityTests
{
    private readonly ProcessIdentity _mine = ProcessIdentity.Create();

    [Fact]
    public void This_process_is_alive() => Assert.True(ProcessIdentity.Parse(_mine.ToString())!.IsAlive());

    [Fact]
    public void Two_brokers_of_one_process_differ() => Assert.NotEqual(_mine, ProcessIdentity.Create());

    [Fact]
    public void The_same_process_id_with_another_start_is_another_process() => Assert.False((_mine with { Started = _mine.Started + 1 }).IsAlive());

    [Fact]
    public void A_process_of_an_earlier_boot_is_dead() => Assert.False((_mine with { Boot = "earlier" }).IsAlive());

    [Fact]
    public void A_process_of_another_container_cannot_be_judged_and_counts_as_alive() =>
        Assert.True((_mine with { Namespace = "pid:[1]", ProcessId = int.MaxValue }).IsAlive());

    [Fact]
    public async Task A_process_that_has_ended_is_dead()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();

        Assert.False((_mine with { ProcessId = process.Id }).IsAlive());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c/d/e")]
    [InlineData("a/b/1/2")]
    public void Other_text_is_no_identity(string text) => Assert.Null(ProcessIdentity.Parse(text));
}
