using System.Text.RegularExpressions;

namespace Sidecar.Components.Middleware;

/// <summary><c>middleware.http.routerchecker</c>: lets through what its rule matches (contract section 6.16).</summary>
internal sealed class RouterCheckerMiddleware : IHttpMiddleware
{
    private Regex? _rule;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        var rule = context.Metadata.Required("rule");
        try
        {
            // Without backtracking, as Go's: no request can make it slow.
            _rule = new Regex(rule, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return Task.CompletedTask;
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new ComponentException($"metadata field 'rule' is no regular expression: {wrong.Message}", wrong);
        }
    }

    public ValueTask<MiddlewareAnswer?> HandleAsync(MiddlewareRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_rule!.IsMatch(request.Path + request.Query) ? null : new MiddlewareAnswer(400, "invalid router"));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
