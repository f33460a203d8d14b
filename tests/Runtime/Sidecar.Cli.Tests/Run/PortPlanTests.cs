using Sidecar.Cli.Running;

namespace Sidecar.Cli.Tests.Run;

/// <summary>Ports that a run chooses for its sidecars.</summary>
public sealed class PortPlanTests
{
    [Fact]
    public void A_port_that_a_run_has_chosen_is_not_chosen_by_another_before_anything_listens_there()
    {
        var port = FreePorts.Next();
        using (var first = PortPlan.TryClaim(port))
        {
            Assert.NotNull(first);
            Assert.Null(PortPlan.TryClaim(port));
        }

        using var afterwards = PortPlan.TryClaim(port);
        Assert.NotNull(afterwards);
    }
}
