using Microsoft.AspNetCore.Mvc.ApplicationModels;

namespace Dapr;

/// <summary>Finds <see cref="StateEntry{TValue}"/> parameters without <c>[FromState]</c> when the app starts: nobody could say which store they mean.</summary>
internal sealed class StateEntryCheck : IApplicationModelProvider
{
    public int Order => 0;

    public void OnProvidersExecuting(ApplicationModelProviderContext context)
    {
    }

    public void OnProvidersExecuted(ApplicationModelProviderContext context)
    {
        foreach (var controller in context.Result.Controllers)
        {
            foreach (var property in controller.ControllerProperties.Where(property => property.BindingInfo is not null))
                Check(property, controller.ControllerName);
            foreach (var action in controller.Actions)
            {
                foreach (var parameter in action.Parameters)
                    Check(parameter, $"{controller.ControllerName}.{action.ActionName}");
            }
        }
    }

    private static void Check(ParameterModelBase model, string where)
    {
        var isEntry = model.ParameterType.IsGenericType && model.ParameterType.GetGenericTypeDefinition() == typeof(StateEntry<>);
        if (isEntry && model.BindingInfo?.BindingSource is not StateBindingSource)
            throw new InvalidOperationException($"{where}: '{model.Name}' is a StateEntry and needs [FromState(\"store\")], which names its state store.");
    }
}
