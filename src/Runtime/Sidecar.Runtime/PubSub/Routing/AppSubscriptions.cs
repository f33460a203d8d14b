using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Routing;

/// <summary>Asks the app what it subscribes to: <c>GET /dapr/subscribe</c> (contract section 2.7).</summary>
internal sealed class AppSubscriptions(
    IAppChannel app, IRouteMatcherParser matchers, SidecarOptions options, TimeProvider time, ILogger<AppSubscriptions> logger)
{
    private static readonly Uri Path = new("/dapr/subscribe", UriKind.Relative);
    private static readonly JsonSerializerOptions AnswerOptions = new(JsonSerializerDefaults.Web) { AllowTrailingCommas = false };

    private readonly AppQuestion _question = new(app, options, time);

    /// <summary>The app's list: empty when it has none or none that can be used, null when it gave no answer; both are logged.</summary>
    public async Task<IReadOnlyList<TopicSubscription>?> AskAsync(CancellationToken cancellationToken)
    {
        var answer = await _question.AskAsync(Path, cancellationToken).ConfigureAwait(false);
        if (answer.Failure is { } failure)
        {
            PubSubLog.SubscribeQuestionFailed(logger, failure, answer.Attempts);
            return null;
        }

        if (answer.Status == HttpStatusCode.OK)
            return Read(answer.Body);
        if (answer.Status == HttpStatusCode.NotFound)
            PubSubLog.NoSubscribeEndpoint(logger);
        else
            PubSubLog.SubscribeQuestionRefused(logger, (int)answer.Status);
        return [];
    }

    private IReadOnlyList<TopicSubscription> Read(byte[] answer)
    {
        List<Entry?>? entries;
        try
        {
            entries = JsonSerializer.Deserialize<List<Entry?>>(answer, AnswerOptions);
        }
        catch (JsonException failure)
        {
            PubSubLog.SubscribeAnswerUnreadable(logger, failure);
            return [];
        }

        var subscriptions = new List<TopicSubscription>();
        foreach (var entry in entries ?? [])
        {
            if (entry is null || entry.ToSubscription() is not { Rules.Count: > 0 } subscription)
                continue;
            if (!RouteTable.TryCreate(subscription.Rules, matchers, out _, out var error))
            {
                PubSubLog.SubscribeAnswerBroken(logger, subscription.PubsubName, subscription.Topic, error);
                return [];
            }

            subscriptions.Add(subscription);
        }

        return subscriptions;
    }

    private sealed record Entry(
        string? PubsubName, string? Topic, string? Route, Routes? Routes, string? DeadLetterTopic, Dictionary<string, string?>? Metadata, Bulk? BulkSubscribe)
    {
        public TopicSubscription ToSubscription()
        {
            var rules = Routes?.Rules?.Where(rule => rule is not null).Select(rule => new RouteRule(rule!.Match ?? "", rule.Path ?? "")).ToList() ?? [];
            var defaultRoute = TopicSubscription.EmptyAsNull(Routes?.Default) ?? Route;
            return new TopicSubscription(PubsubName ?? "", Topic ?? "", SubscriptionType.Programmatic, TopicSubscription.WithDefault(rules, defaultRoute))
            {
                DeadLetterTopic = TopicSubscription.EmptyAsNull(DeadLetterTopic),
                Metadata = Metadata?.ToDictionary(pair => pair.Key, pair => pair.Value ?? "") ?? [],
                BulkSubscribe = Resources.BulkSubscribe.From(BulkSubscribe?.Enabled == true, BulkSubscribe?.MaxMessagesCount, BulkSubscribe?.MaxAwaitDurationMs),
            };
        }
    }

    private sealed record Routes(IReadOnlyList<Rule?>? Rules, string? Default);

    private sealed record Rule(string? Match, string? Path);

    private sealed record Bulk(bool? Enabled, int? MaxMessagesCount, int? MaxAwaitDurationMs);
}
