using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.Components;
using Sidecar.Grpc;
using Sidecar.Runtime.Security.Mtls;

namespace Sidecar.Runtime.Hosting;

/// <summary>Where a sidecar listens: its two APIs at TCP addresses or at socket files, the public port, and the port for sidecars of other processes.</summary>
internal sealed class SidecarListeners
{
    private const string DisableHttp2 = "DAPR_HTTP_DISABLE_H2C";

    private readonly SidecarOptions _options;
    private readonly List<IPEndPoint> _leftOut = [];
    private readonly IReadOnlyList<IPAddress> _httpAddresses = [];
    private readonly IReadOnlyList<IPAddress> _grpcAddresses = [];

    /// <exception cref="SidecarStartException">A socket file cannot be had.</exception>
    /// <param name="identity">For mTLS at the internal port; null = without TLS.</param>
    /// <param name="refused">Told of callers there whose certificate is not of this run.</param>
    public SidecarListeners(SidecarOptions options, bool withInternal, WorkloadIdentity? identity = null, Action<string>? refused = null)
    {
        _options = options;
        SocketFile = ApiSocket.Claim(options, "http");
        GrpcSocketFile = ApiSocket.Claim(options, "grpc");
        Internal = withInternal ? new InternalListener(ListenAddress.Parse(options.InternalListenAddress), options.InternalPort, identity, refused ?? (static _ => { })) : null;
        if (SocketFile is not null)
            return;
        _httpAddresses = ToBind(options.HttpPort);
        _grpcAddresses = ToBind(options.GrpcPort);
    }

    /// <summary>Of the HTTP API; null: the APIs are at TCP addresses.</summary>
    public string? SocketFile { get; }

    /// <summary>Likewise of the gRPC API.</summary>
    public string? GrpcSocketFile { get; }

    /// <summary>null: nobody can find this sidecar anyway.</summary>
    public InternalListener? Internal { get; }

    /// <summary>Wanted, and not to be bound.</summary>
    public IReadOnlyList<IPEndPoint> LeftOut => _leftOut;

    public void Listen(KestrelServerOptions server)
    {
        server.UseGrpcLimits();
        if (SocketFile is not null && GrpcSocketFile is not null)
        {
            server.ListenUnixSocket(SocketFile, Http);
            server.ListenUnixSocket(GrpcSocketFile, Grpc);
        }
        else
        {
            Listen(server, _httpAddresses, _options.HttpPort, Http);
            Listen(server, _grpcAddresses, _options.GrpcPort, Grpc);
        }

        if (_options.PublicPort > 0)
        {
            server.Listen(ListenAddress.Parse(_options.PublicListenAddress), _options.PublicPort, listener =>
            {
                listener.Protocols = HttpProtocols.Http1;
                listener.Serves(ListenerRole.Public);
            });
        }

        Internal?.Listen(server);
    }

    /// <summary>Which port it was that could not be bound, who holds it, and which flag chooses another.</summary>
    public SidecarStartException Explain(Exception failure)
    {
        (int Port, string Flags)[] ports =
        [
            (SocketFile is null ? _options.HttpPort : 0, "--dapr-http-port, daprHTTPPort"),
            (SocketFile is null ? _options.GrpcPort : 0, "--dapr-grpc-port, daprGRPCPort"),
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

    // An address that cannot be bound is left out, unless none can: then binding fails and says why (contract 1.1).
    private IReadOnlyList<IPAddress> ToBind(int port)
    {
        List<IPAddress> wanted = [.. _options.ListenAddresses.Select(ListenAddress.Parse)];
        var leftOut = wanted.FindAll(address => !PortOwner.CanBind(address, port));
        if (leftOut.Count == wanted.Count)
            leftOut = [];
        _leftOut.AddRange(leftOut.Select(address => new IPEndPoint(address, port)));
        return [.. ListenAddress.WithoutCovered([.. wanted.Except(leftOut)])];
    }

    private static void Listen(KestrelServerOptions server, IReadOnlyList<IPAddress> addresses, int port, Action<ListenOptions> configure)
    {
        foreach (var address in addresses)
            server.Listen(address, port, configure);
        if (addresses.Count == 0)
            server.ListenLocalhost(port, configure);
    }

    private void Http(ListenOptions listener)
    {
        if (GoText.IsTruthy(_options.Variable(DisableHttp2)))
            listener.Protocols = HttpProtocols.Http1;
        else
            listener.UseHttp1AndHttp2Cleartext();
    }

    private static void Grpc(ListenOptions listener) => listener.UseHttp2Cleartext().Serves(ListenerRole.Grpc);
}

/// <summary>The port at which sidecars of other processes call. With no wish, the system gives one when it is bound.</summary>
/// <param name="identity">By TLS alone, to callers with a certificate of the same authority; null = without TLS.</param>
/// <param name="refused">Told of callers whose certificate is of another.</param>
internal sealed class InternalListener(IPAddress address, int wish, WorkloadIdentity? identity, Action<string> refused)
{
    private ListenOptions? _bound;

    public IPAddress Address => address;

    public bool IsBound => _bound?.IPEndPoint is { Port: > 0 };

    /// <summary>As bound; before that, the wish.</summary>
    public int Port => _bound?.IPEndPoint?.Port ?? wish;

    public void Listen(KestrelServerOptions server) => server.Listen(address, wish, listener =>
    {
        if (identity is null)
            listener.UseHttp1AndHttp2Cleartext();
        else
            listener.UseHttps(PeerTls.Server(identity, refused));
        listener.Serves(ListenerRole.Internal);
        _bound = listener;
    });
}
