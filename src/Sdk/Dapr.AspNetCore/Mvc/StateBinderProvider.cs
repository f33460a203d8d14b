using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Dapr;

/// <summary>Makes the binders of <c>[FromState]</c>.</summary>
internal sealed class StateBinderProvider : IModelBinderProvider
{
    public IModelBinder? GetBinder(ModelBinderProviderContext context)
    {
        if (context.BindingInfo.BindingSource is not StateBindingSource source)
            return null;
        var model = context.Metadata.ModelType;
        var isEntry = model.IsGenericType && model.GetGenericTypeDefinition() == typeof(StateEntry<>);
        var binder = isEntry
            ? typeof(StateEntryBinder<>).MakeGenericType(model.GetGenericArguments())
            : typeof(StateValueBinder<>).MakeGenericType(model);
        return (IModelBinder)Activator.CreateInstance(binder, source)!;
    }
}
