using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sidecar.Components.Middleware;

/// <summary><c>middleware.http.routealias</c>: other paths in place of those that a template matches (contract section 6.16).</summary>
internal sealed partial class RouteAliasMiddleware : IHttpMiddleware
{
    private readonly List<Alias> _aliases = [];

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        var routes = context.Metadata.Find("routes") is { } text ? Read(text) : context.Metadata.Values;
        foreach (var (template, target) in routes)
        {
            var variables = Variable().Matches(template).Select(match => match.Groups[1].Value).ToArray();
            var pattern = string.Join("([^/]+)", Variable().Split(template).Where((_, index) => index % 2 == 0).Select(Regex.Escape));
            _aliases.Add(new Alias(new Regex($"^{pattern}$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), variables, target));
        }

        return Task.CompletedTask;
    }

    public ValueTask<MiddlewareAnswer?> HandleAsync(MiddlewareRequest request, CancellationToken cancellationToken)
    {
        foreach (var alias in _aliases)
        {
            if (alias.Pattern.Match(request.Path) is not { Success: true } match)
                continue;
            var question = alias.Target.IndexOf('?', StringComparison.Ordinal);
            var query = string.Join('&', Parts(request.Query.TrimStart('?'), question < 0 ? "" : alias.Target[(question + 1)..], alias.Variables, match));
            request.Path = question < 0 ? alias.Target : alias.Target[..question];
            request.Query = query.Length > 0 ? $"?{query}" : "";
            break;
        }

        return ValueTask.FromResult<MiddlewareAnswer?>(null);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // What a path segment holds is escaped already, and goes on as it came.
    private static IEnumerable<string> Parts(string query, string ofTarget, string[] variables, Match match) =>
        [.. new[] { ofTarget, query }.Where(part => part.Length > 0), .. variables.Select((name, index) => $"{Uri.EscapeDataString(name)}={match.Groups[index + 1].Value}")];

    private static IEnumerable<KeyValuePair<string, string>> Read(string text)
    {
        try
        {
            // A map in YAML is a line for each pair; one in JSON is YAML too.
            return text.TrimStart().StartsWith('{')
                ? JsonSerializer.Deserialize<Dictionary<string, string>>(text) ?? []
                : [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith('#')).Select(Pair)];
        }
        catch (JsonException wrong)
        {
            throw new ComponentException($"metadata field 'routes' is no map of paths: {wrong.Message}", wrong);
        }
    }

    private static KeyValuePair<string, string> Pair(string line) => YamlPair().Match(line) is { Success: true } match
        ? KeyValuePair.Create(match.Groups[1].Value, match.Groups[2].Value)
        : throw new ComponentException($"metadata field 'routes' has the line '{line}', expected PATH: PATH");

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Variable();

    [GeneratedRegex("""^["']?(/[^"']*?)["']?:\s+["']?(/.*?)["']?$""")]
    private static partial Regex YamlPair();

    private sealed record Alias(Regex Pattern, string[] Variables, string Target);
}
