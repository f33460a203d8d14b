using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Dapr to controllers.</summary>
public static class DaprMvcBuilderExtensions
{
    /// <summary>Adds <see cref="DaprClient"/>, and <see cref="FromStateAttribute"/> for the parameters of controllers.</summary>
    public static IMvcBuilder AddDapr(this IMvcBuilder builder, Action<DaprClientBuilder>? configureClient = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddDaprClient(configureClient);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IApplicationModelProvider, StateEntryCheck>());
        builder.Services.Configure<MvcOptions>(options =>
        {
            if (!options.ModelBinderProviders.Any(provider => provider is StateBinderProvider))
                options.ModelBinderProviders.Insert(0, new StateBinderProvider());
        });
        return builder;
    }
}
