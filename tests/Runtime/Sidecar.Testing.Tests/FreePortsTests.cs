using System.Globalization;

namespace Sidecar.Testing.Tests;

/// <summary>Who may get which port.</summary>
public sealed class FreePortsTests
{
    [Fact]
    public void No_other_process_gives_out_a_port_of_this_one()
    {
        var port = FreePorts.Next();
        var claim = Path.Combine(Path.GetTempPath(), "sidecar-testing-ports", (port - (port % 50)).ToString(CultureInfo.InvariantCulture));

        Assert.Throws<IOException>(() => new FileStream(claim, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose());
    }

    [Fact]
    public void Ports_differ_and_are_none_that_a_run_or_a_system_chooses()
    {
        var ports = Enumerable.Range(0, 100).Select(_ => FreePorts.Next()).ToArray();

        Assert.Equal(ports.Length, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 10_000, 19_999));
    }
}
