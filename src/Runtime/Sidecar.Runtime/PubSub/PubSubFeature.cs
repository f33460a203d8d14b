using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.GrpcDelivery;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.PubSub.Streaming;
using Sidecar.Runtime.PubSub.Subscriptions;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.PubSub;

/// <summary>The pub/sub building block: publishing to topics and delivering their messages to the app.</summary>
internal static class PubSubFeature
{
    public static IServiceCollection AddPubSub(this IServiceCollection services)
    {
        services.AddResiliency();
        services.AddSingleton<Brokers>();
        services.AddSingleton<PublishEngine>();
        services.AddSingleton<BulkPublishEngine>();
        services.AddSingleton<ITopics, Topics>();
        services.AddSingleton<IRouteMatcherParser, ExpressionMatcherParser>();
        services.AddSingleton(QuestionToApp);
        services.AddSingleton<AppSubscriptions>();
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<MessageEvents>();
        services.AddSingleton<AppRecipients>();
        services.AddSingleton<SubscriptionStarter>();
        services.AddSingleton<StreamingFeature>();
        services.AddSingleton<ISidecarFeature>(provider => provider.GetRequiredService<StreamingFeature>());
        services.AddSingleton<ActiveSubscriptions>();
        services.AddSingleton<SubscriptionFeature>();
        services.AddSingleton<ISidecarFeature>(provider => provider.GetRequiredService<SubscriptionFeature>());
        services.AddSingleton<IMetadataContributor>(provider => provider.GetRequiredService<SubscriptionFeature>());
        return services;
    }

    public static IEndpointRouteBuilder MapPubSub(this IEndpointRouteBuilder routes)
    {
        PubSubHttp.Map(routes);
        return routes;
    }

    public static void MapPubSubGrpc(this IEndpointRouteBuilder routes)
    {
        PublishGrpc.Map(routes);
        SubscribeGrpc.Map(routes);
    }

    private static ISubscriptionQuestion QuestionToApp(IServiceProvider provider) => provider.GetRequiredService<GrpcAppChannel>().HasApp
        ? ActivatorUtilities.CreateInstance<GrpcSubscriptionQuestion>(provider)
        : ActivatorUtilities.CreateInstance<HttpSubscriptionQuestion>(provider);
}
