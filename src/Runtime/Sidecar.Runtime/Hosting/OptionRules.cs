using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.Hosting;

/// <summary>What start-up refuses, and what it fills in (contract 1.1).</summary>
internal static class OptionRules
{
    private const int MaximumReadBuffer = 1024 * 1024 * 1024;

    /// <summary>What a timer takes; longer is as good as no limit.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    /// <exception cref="SidecarStartException">Names every option that is wrong.</exception>
    public static SidecarOptions Check(SidecarOptions options)
    {
        var wrong = new List<string>();
        if (options.AppId.Length == 0 || options.AppId.Contains('.', StringComparison.Ordinal))
            wrong.Add($"--app-id '{options.AppId}' must not be empty and must not contain a dot");
        if (options.HasApp && (options.AppPort == options.HttpPort || options.AppPort == options.GrpcPort))
            wrong.Add($"--app-port {options.AppPort} is also one of the sidecar's API ports");
        if (!AppProtocol.Names.Contains(options.AppProtocol, StringComparer.OrdinalIgnoreCase))
            wrong.Add($"--app-protocol '{options.AppProtocol}' is none of {string.Join(", ", AppProtocol.Names)}");
        if (Uri.CheckHostName(options.AppChannelAddress.Trim('[', ']')) == UriHostNameType.Unknown)
            wrong.Add($"--app-channel-address '{options.AppChannelAddress}' is neither an IP address nor a host name");
        if (options.ReadBufferSize is <= 0 or > MaximumReadBuffer)
            wrong.Add($"--read-buffer-size is {options.ReadBufferSize} bytes, expected 1 to {MaximumReadBuffer}");
        foreach (var endpoint in options.DisabledInitEndpoints)
        {
            if (!endpoint.Equals("config", StringComparison.OrdinalIgnoreCase) && !endpoint.Equals("subscribe", StringComparison.OrdinalIgnoreCase))
                wrong.Add($"--disable-init-endpoints '{endpoint}' is neither config nor subscribe");
        }

        foreach (var address in options.ListenAddresses)
            RequireAddress("--dapr-listen-addresses", address, wrong);
        RequireAddress("--dapr-public-listen-address", options.PublicListenAddress, wrong);
        RequireAddress("--dapr-internal-grpc-listen-address", options.InternalListenAddress, wrong);
        if (options.PublicPort > 0 && (options.PublicPort == options.HttpPort || options.PublicPort == options.GrpcPort))
            wrong.Add($"--dapr-public-port {options.PublicPort} is also one of the sidecar's API ports");
        if (options.AppHealth?.WithDefaults() is { } health && health.Timeout > health.Interval)
            wrong.Add($"--app-health-probe-timeout of {health.Timeout.TotalMilliseconds:0} ms is longer than --app-health-probe-interval of {health.Interval.TotalSeconds:0} s");

        if (wrong.Count > 0)
            throw new SidecarStartException(string.Join(Environment.NewLine, wrong));
        return options with
        {
            HttpPort = options.HttpPort > 0 ? options.HttpPort : PortOwner.FindFree(),
            GrpcPort = options.GrpcPort > 0 ? options.GrpcPort : PortOwner.FindFree(),
            ReconcileInterval = options.ReconcileInterval > TimeSpan.Zero ? Shorter(options.ReconcileInterval) : SidecarOptions.DefaultReconcileInterval,
            AppHealth = options.AppHealth?.WithDefaults(),
            BlockShutdown = options.BlockShutdown is { } block ? Shorter(block) : null,
            GracefulShutdown = options.GracefulShutdown > LongestTimer ? TimeSpan.Zero : options.GracefulShutdown,
        };
    }

    /// <summary>The duration, or the longest that a timer takes.</summary>
    public static TimeSpan Shorter(TimeSpan duration) => duration < LongestTimer ? duration : LongestTimer;

    private static void RequireAddress(string flag, string? address, List<string> wrong)
    {
        if (address is not null && ListenAddress.TryParse(address) is null)
            wrong.Add($"{flag} '{address}' is not an IP address");
    }
}
