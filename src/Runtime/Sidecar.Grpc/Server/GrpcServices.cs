using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sidecar.Grpc;

/// <summary>Adds the server to a host.</summary>
public static class GrpcServices
{
    /// <summary>Adds a <see cref="GrpcServer"/>, by the <see cref="TimeProvider"/> that the services have, if they have one.</summary>
    public static IServiceCollection AddGrpcServer(this IServiceCollection services, Action<GrpcServerOptions>? configure = null) =>
        services.AddGrpcServer((_, options) => configure?.Invoke(options));

    /// <inheritdoc cref="AddGrpcServer(IServiceCollection, Action{GrpcServerOptions}?)"/>
    public static IServiceCollection AddGrpcServer(this IServiceCollection services, Action<IServiceProvider, GrpcServerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddRouting().AddSingleton(provider =>
        {
            var options = new GrpcServerOptions();
            configure(provider, options);
            return new GrpcServer(
                options,
                provider.GetService<ILoggerFactory>(),
                provider.GetService<IHostApplicationLifetime>(),
                provider.GetService<TimeProvider>());
        });
    }
}
