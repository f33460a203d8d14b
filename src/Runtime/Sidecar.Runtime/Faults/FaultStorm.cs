using System.Net;
using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Components.PubSub;

namespace Sidecar.Runtime.Faults;

/// <summary>Makes things go wrong between one sidecar, its app and its components, as a faults file says. Each lot is drawn from the file's seed and the app-id.</summary>
internal sealed class FaultStorm(string appId, FaultSettings settings, TimeProvider time) : IComponentWires
{
    private const string OnPurpose = "failed on purpose (--faults)";

    private readonly Lock _lock = new();
    private readonly Random _lots = new(HashCode(settings.Seed, appId));

    /// <summary>Puts the storm between a sidecar and its app.</summary>
    public HttpMessageHandler Wrap(HttpMessageHandler inner) => new Transport(this, inner);

    public async ValueTask<T> CallAsync<T>(string component, string operation, string? target, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        if (Draw(settings.Components, component, operation) is not { } rule)
            return await call(cancellationToken).ConfigureAwait(false);
        await DelayAsync(rule, cancellationToken).ConfigureAwait(false);
        if (rule.Fails)
            throw new ComponentException(OnPurpose);
        var result = await call(cancellationToken).ConfigureAwait(false);
        if (rule.Duplicates)
            result = await call(cancellationToken).ConfigureAwait(false);
        return rule.LosesAnswer ? throw new ComponentException(OnPurpose) : result;
    }

    public PubSubHandler Guard(string component, string topic, PubSubHandler handler) => settings.Messages.Count == 0 ? handler : async (message, token) =>
    {
        if (Draw(settings.Messages, topic, null) is not { } rule)
            return await handler(message, token).ConfigureAwait(false);
        await DelayAsync(rule, token).ConfigureAwait(false);
        if (rule.Fails)
            return Delivery.Nack;
        var answer = await handler(message, token).ConfigureAwait(false);
        if (rule.Duplicates)
            answer = await handler(message, token).ConfigureAwait(false);
        return rule.LosesAnswer ? Delivery.Nack : answer;
    };

    public BindingHandler Guard(string component, BindingHandler handler) => handler;

    // The same in every process, which string's own is not.
    private static int HashCode(int seed, string text) => text.Aggregate(seed, static (hash, letter) => unchecked((hash * 31) + letter));

    private FaultRule? Draw(IReadOnlyList<FaultRule> rules, string name, string? part)
    {
        foreach (var rule in rules)
        {
            if (!rule.Fits(name, part))
                continue;
            lock (_lock)
            {
                if (_lots.NextDouble() < rule.Share)
                    return rule;
            }
        }

        return null;
    }

    private Task DelayAsync(FaultRule rule, CancellationToken cancellationToken) =>
        rule.Delay > TimeSpan.Zero ? Task.Delay(rule.Delay, time, cancellationToken) : Task.CompletedTask;

    private sealed class Transport(FaultStorm storm, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private const string OwnQuestions = "/dapr/";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri?.AbsolutePath ?? "";
            if (path.StartsWith(OwnQuestions, StringComparison.Ordinal) || storm.Draw(storm.Calls, storm.AppId, path) is not { } rule)
                return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            await storm.DelayAsync(rule, cancellationToken).ConfigureAwait(false);
            if (rule.Status is { } status)
                return new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(OnPurpose), RequestMessage = request };
            if (rule.Fails)
                throw new HttpRequestException(HttpRequestError.ConnectionError, OnPurpose);

            // The first of two is answered to nobody.
            if (rule.Duplicates && request.Content is { } content)
                await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!rule.Duplicates && !rule.LosesAnswer)
                return response;
            await response.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
            response.Dispose();
            return rule.LosesAnswer
                ? throw new HttpRequestException(HttpRequestError.ResponseEnded, OnPurpose)
                : await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }

    private string AppId => appId;

    private IReadOnlyList<FaultRule> Calls => settings.Calls;
}
