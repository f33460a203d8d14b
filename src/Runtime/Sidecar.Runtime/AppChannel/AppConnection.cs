using Sidecar.Components.Middleware;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>The sidecar's end of its app: the channels that slices use, with what the options put in their way.</summary>
internal sealed class AppConnection : IDisposable
{
    private readonly HttpAppChannel _wire;
    private readonly PipelineChannel? _pipeline;

    public AppConnection(SidecarOptions options)
    {
        _wire = new HttpAppChannel(options);
        IAppChannel limited = options.AppMaxConcurrency > 0 ? new ConcurrencyLimit(_wire, options.AppMaxConcurrency) : _wire;
        if (options is { HasApp: true, AppHealth: { } health })
        {
            // A probe must reach the app that the gate keeps all others from, and wait for none of them.
            Health = new AppHealth(health, CheckOf(health, options), options.Time);
        }

        if (!AppProtocol.Of(options).IsGrpc)
            limited = _pipeline = new PipelineChannel(limited);
        Grpc = new GrpcAppChannel(Gated(limited), options);
        // What is unhealthy fails an invocation as it fails one by HTTP, before gRPC gives it a status.
        Channel = Gated(Grpc.HasApp ? new OnInvokeChannel(Grpc) : limited);
    }

    /// <summary>For all that HTTP can say, whatever the app speaks.</summary>
    public IAppChannel Channel { get; }

    /// <summary>For an app that speaks gRPC.</summary>
    public GrpcAppChannel Grpc { get; }

    /// <summary>null: not asked for, the app counts as healthy.</summary>
    public AppHealth? Health { get; }

    /// <summary>Puts middleware before an app that speaks HTTP.</summary>
    /// <param name="pipeline">As it is at each call.</param>
    public void Use(Func<IReadOnlyList<IHttpMiddleware>> pipeline)
    {
        if (_pipeline is not null)
            _pipeline.Pipeline = pipeline;
    }

    public void Dispose()
    {
        Grpc.Dispose();
        _wire.Dispose();
    }

    private IAppChannel Gated(IAppChannel channel) => Health is null ? channel : new AppHealthGate(channel, Health);

    private IHealthCheck CheckOf(AppHealthOptions health, SidecarOptions options) =>
        AppProtocol.Of(options).IsGrpc ? new GrpcHealthCheck(new GrpcAppChannel(_wire, options)) : new HttpHealthCheck(_wire, health.Path);
}
