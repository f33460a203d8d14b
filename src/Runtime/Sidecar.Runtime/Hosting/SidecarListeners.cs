using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Sidecar.Runtime.Hosting;

/// <summary>Where a sidecar listens: the API at TCP addresses or at a socket file, the public port, and the port for sidecars of other processes.</summary>
internal sealed class SidecarListeners
{
    private readonly SidecarOptions _options;
    private readonly List<IPAddress> _addresses = [];

    /// <exception cref="SidecarStartException">The socket file cannot be had.</exception>
    public SidecarListeners(SidecarOptions options, bool withInternal)
    {
        _options = options;
        SocketFile = ApiSocket.Claim(options);
        Internal = withInternal ? new InternalListener(ListenAddress.Parse(options.InternalListenAddress), options.InternalPort) : null;
        if (SocketFile is not null)
            return;

        // One that cannot be bound is left out, unless none can: then binding fails and says why (contract 1.1).
        List<IPAddress> wanted = [.. options.ListenAddresses.Select(ListenAddress.Parse)];
        var leftOut = wanted.FindAll(address => !PortOwner.CanBind(address, options.HttpPort));
        LeftOut = leftOut.Count == wanted.Count ? [] : leftOut;
        _addresses = [.. ListenAddress.WithoutCovered([.. wanted.Except(LeftOut)])];
    }

    /// <summary>null: the API is at TCP addresses.</summary>
    public string? SocketFile { get; }

    /// <summary>null: nobody can find this sidecar anyway.</summary>
    public InternalListener? Internal { get; }

    /// <summary>Wanted, and not to be bound.</summary>
    public IReadOnlyList<IPAddress> LeftOut { get; } = [];

    public void Listen(KestrelServerOptions server)
    {
        foreach (var address in _addresses)
            server.Listen(address, _options.HttpPort, Http1);
        if (SocketFile is not null)
            server.ListenUnixSocket(SocketFile, Http1);
        else if (_addresses.Count == 0)
            server.ListenLocalhost(_options.HttpPort, Http1);
        if (_options.PublicPort > 0)
            server.Listen(ListenAddress.Parse(_options.PublicListenAddress), _options.PublicPort, Http1);
        Internal?.Listen(server);
    }

    /// <summary>Which port it was that could not be bound, who holds it, and which flag chooses another.</summary>
    public SidecarStartException Explain(Exception failure)
    {
        (int Port, string Flags)[] ports =
        [
            (SocketFile is null ? _options.HttpPort : 0, "--dapr-http-port, daprHTTPPort"),
            (_options.PublicPort, "--dapr-public-port"),
            (Internal is { IsBound: false } ? Internal.Port : 0, "--dapr-internal-grpc-port, daprInternalGRPCPort"),
        ];
        var (port, flags) = ports.FirstOrDefault(given => given.Port > 0 && !PortOwner.IsFree(given.Port), ports[0]);
        var what = $"sidecar of {_options.AppId} cannot listen on {(port > 0 ? $"port {port}" : SocketFile)}";
        return new SidecarStartException(
            port > 0 && (failure.InnerException is AddressInUseException || !PortOwner.IsFree(port))
                ? $"{what}: it is in use by {PortOwner.Describe(port)}; stop that, or choose another port ({flags})"
                : $"{what}: {failure.GetBaseException().Message}; choose another port ({flags}) or address (--dapr-listen-addresses)", failure);
    }

    private static void Http1(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;
}

/// <summary>The port at which sidecars of other processes call. With no wish, the system gives one when it is bound.</summary>
internal sealed class InternalListener(IPAddress address, int wish)
{
    private ListenOptions? _bound;

    public IPAddress Address => address;

    public bool IsBound => _bound?.IPEndPoint is { Port: > 0 };

    /// <summary>As bound; before that, the wish.</summary>
    public int Port => _bound?.IPEndPoint?.Port ?? wish;

    public void Listen(KestrelServerOptions server) => server.Listen(address, wish, listen =>
    {
        listen.Protocols = HttpProtocols.Http1;
        _bound = listen;
    });
}
