using Sidecar.Cli.Running;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>Ports that a run chooses for its sidecars.</summary>
public sealed class PortPlanTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_port_that_a_run_has_chosen_is_not_chosen_by_another_before_anything_listens_there()
    {
        var port = FreePorts.Next();
        using (var first = PortPlan.TryClaim(_folder.Path, port))
        {
            Assert.NotNull(first);
            Assert.Null(PortPlan.TryClaim(_folder.Path, port));
            Assert.False(PortPlan.IsOurs(_folder.Path, port));
        }

        using var afterwards = PortPlan.TryClaim(_folder.Path, port);
        Assert.NotNull(afterwards);
    }

    [Fact]
    public void Where_no_claim_can_be_written_a_free_port_is_chosen_all_the_same()
    {
        var file = Path.Combine(_folder.Path, "no-folder");
        File.WriteAllText(file, "");

        Assert.True(PortPlan.IsOurs(file, FreePorts.Next()));
    }

    public void Dispose() => _folder.Dispose();
}
