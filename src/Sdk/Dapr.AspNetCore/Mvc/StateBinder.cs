using Dapr.Client;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ModelBinding.Validation;
using Microsoft.Extensions.DependencyInjection;

namespace Dapr;

/// <summary>Reads a model from a state store, under the key that the route gives.</summary>
internal abstract class StateBinder(StateBindingSource source) : IModelBinder
{
    public async Task BindModelAsync(ModelBindingContext bindingContext)
    {
        var name = source.Key ?? bindingContext.FieldName;
        var http = bindingContext.HttpContext;
        if (http.Request.RouteValues[name] is not string { Length: > 0 } key)
        {
            bindingContext.ModelState.TryAddModelError(bindingContext.ModelName, $"The route has no value '{name}'.");
            return;
        }

        var dapr = http.RequestServices.GetRequiredService<DaprClient>();
        if (await ReadAsync(dapr, source.StoreName, key, http.RequestAborted).ConfigureAwait(false) is not { } model)
            return;
        bindingContext.Result = ModelBindingResult.Success(model);

        // What the app itself has stored is not for the caller to have been wrong about.
        bindingContext.ValidationState.Add(model, new ValidationStateEntry { SuppressValidation = true });
    }

    /// <summary>Null when there is nothing to bind.</summary>
    protected abstract Task<object?> ReadAsync(DaprClient dapr, string storeName, string key, CancellationToken cancellationToken);
}

internal sealed class StateValueBinder<TValue>(StateBindingSource source) : StateBinder(source)
{
    protected override async Task<object?> ReadAsync(DaprClient dapr, string storeName, string key, CancellationToken cancellationToken) =>
        await dapr.GetStateAsync<TValue>(storeName, key, cancellationToken: cancellationToken).ConfigureAwait(false);
}

/// <summary>An entry is there also when nothing is stored under its key; its value is <c>default</c> then.</summary>
internal sealed class StateEntryBinder<TValue>(StateBindingSource source) : StateBinder(source)
{
    protected override async Task<object?> ReadAsync(DaprClient dapr, string storeName, string key, CancellationToken cancellationToken) =>
        await dapr.GetStateEntryAsync<TValue>(storeName, key, cancellationToken: cancellationToken).ConfigureAwait(false);
}
