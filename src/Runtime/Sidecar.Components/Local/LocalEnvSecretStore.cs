using Sidecar.Components.Secrets;

namespace Sidecar.Components.Local;

/// <summary><c>secretstores.local.env</c>: the environment of the sidecar, without what is the sidecar's own.</summary>
internal sealed class LocalEnvSecretStore : ISecretStore
{
    private ComponentContext _context = null!;
    private string _prefix = "";

    public bool HoldsSeveralValues => false;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        (_context, _prefix) = (context, context.Metadata.Text("prefix", ""));
        return Task.CompletedTask;
    }

    /// <summary>A variable that is not set, or not shown, is an empty secret and no error.</summary>
    public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var variable = _prefix + name;
        var value = IsHidden(variable) ? null : _context.Environment(variable);
        return ValueTask.FromResult<IReadOnlyDictionary<string, string>?>(new Dictionary<string, string> { [name] = value ?? "" });
    }

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(
        IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        Dictionary<string, IReadOnlyDictionary<string, string>> all = [];
        foreach (var (variable, value) in _context.AllEnvironment())
        {
            if (IsHidden(variable) || !variable.StartsWith(_prefix, StringComparison.Ordinal) || variable.Length == _prefix.Length)
                continue;
            var name = variable[_prefix.Length..];
            all[name] = new Dictionary<string, string> { [name] = value };
        }

        return ValueTask.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(all);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>In any case, because variables have none on Windows.</summary>
    private static bool IsHidden(string variable) =>
        variable.Equals("APP_API_TOKEN", StringComparison.OrdinalIgnoreCase) || variable.StartsWith("DAPR_", StringComparison.OrdinalIgnoreCase);
}
