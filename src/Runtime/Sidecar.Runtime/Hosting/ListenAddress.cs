using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sidecar.Runtime.Hosting;

/// <summary>Addresses as the flags write them.</summary>
internal static class ListenAddress
{
    /// <summary>An IP address, in brackets or not, or <c>localhost</c>; null for anything else.</summary>
    public static IPAddress? TryParse(string text) =>
        text.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.TryParse(text.Trim('[', ']'), out var address) ? address : null;

    public static IPAddress Parse(string? text) => text is null ? IPAddress.Loopback : TryParse(text) ?? throw new FormatException($"'{text}' is not an IP address");

    /// <summary>Each once, and none that an address of all interfaces among them serves already: the two cannot be bound together.</summary>
    public static IEnumerable<IPAddress> WithoutCovered(IReadOnlyCollection<IPAddress> addresses)
    {
        // The address of all IPv6 interfaces takes IPv4 as well.
        if (addresses.Contains(IPAddress.IPv6Any))
            return [IPAddress.IPv6Any];
        return addresses.Contains(IPAddress.Any)
            ? addresses.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6).Append(IPAddress.Any).Distinct()
            : addresses.Distinct();
    }

    /// <summary>How others reach what listens at the address: itself, or for all interfaces this machine's own (<c>DAPR_HOST_IP</c>, else found).</summary>
    public static IPAddress Advertised(IPAddress listening, string? hostAddress)
    {
        if (!listening.Equals(IPAddress.Any) && !listening.Equals(IPAddress.IPv6Any))
            return listening;
        if (hostAddress is not null && IPAddress.TryParse(hostAddress, out var given))
            return given;
        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork) ?? IPAddress.Loopback;
    }
}
