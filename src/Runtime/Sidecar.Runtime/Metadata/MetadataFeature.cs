using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.Runtime.Metadata;

internal static class MetadataFeature
{
    public static IServiceCollection AddMetadata(this IServiceCollection services) => services.AddSingleton<MetadataEngine>();

    public static void MapMetadata(this IEndpointRouteBuilder routes) => MetadataHttp.MapRoutes(routes);

    public static void MapMetadataGrpc(this IEndpointRouteBuilder routes) => MetadataGrpc.MapMethods(routes);
}
