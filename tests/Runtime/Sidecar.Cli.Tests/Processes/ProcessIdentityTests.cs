using Sidecar.Cli.Processes;

namespace Sidecar.Cli.Tests.Processes;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void This_process_is_alive() => Assert.True(ProcessIdentity.Current.IsAlive);

    [Fact]
    public void A_later_process_with_the_same_number_is_not_taken_for_it()
    {
        var earlier = ProcessIdentity.Current with { Started = "another boot:1" };

        Assert.False(earlier.IsAlive);
        earlier.Kill(); // Would end this very test run.
    }

    [Fact]
    public void A_number_that_nobody_has_is_nobody() => Assert.Null(ProcessIdentity.Of(int.MaxValue));
}
