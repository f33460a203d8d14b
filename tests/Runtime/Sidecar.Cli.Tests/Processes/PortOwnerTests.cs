using System.Net;
using System.Net.Sockets;
using Sidecar.Cli.Processes;
using TestSupport;

namespace Sidecar.Cli.Tests.Processes;

public sealed class PortOwnerTests
{
    [Fact]
    public void A_listener_is_found_with_number_and_name_of_its_process()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        Assert.True(PortOwner.IsListening(port));
        Assert.Contains($"pid {Environment.ProcessId} (dotnet Sidecar.Cli.Tests.dll", PortOwner.Describe(port));
    }

    [Fact]
    public void A_listener_on_all_addresses_of_both_families_is_found()
    {
        using var listener = new TcpListener(IPAddress.IPv6Any, 0);
        listener.Server.DualMode = true;
        listener.Start();

        Assert.True(PortOwner.IsListening(((IPEndPoint)listener.LocalEndpoint).Port));
    }

    [Fact]
    public void A_free_port_is_free() => Assert.False(PortOwner.IsListening(FreePorts.Next()));
}
