using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Routing;

/// <summary>Asks an app that speaks HTTP what it subscribes to: <c>GET /dapr/subscribe</c> (contract section 2.7).</summary>
internal sealed class HttpSubscriptionQuestion(IAppChannel app, SidecarOptions options, TimeProvider time, ILogger<AppSubscriptions> logger) : ISubscriptionQuestion
{
    private const string Question = "GET /dapr/subscribe";

    private static readonly Uri Path = new("/dapr/subscribe", UriKind.Relative);
    private static readonly JsonSerializerOptions AnswerOptions = new(JsonSerializerDefaults.Web) { AllowTrailingCommas = false };

    private readonly AppQuestion _question = new(app, options, time);

    public async Task<IReadOnlyList<TopicSubscription>?> AskAsync(CancellationToken cancellationToken)
    {
        var answer = await _question.AskAsync(Path, cancellationToken).ConfigureAwait(false);
        if (answer.Failure is { } failure)
        {
            PubSubLog.SubscribeQuestionFailed(logger, failure, Question, answer.Attempts);
            return null;
        }

        if (answer.Status == HttpStatusCode.OK)
            return Read(answer.Body);
        if (answer.Status == HttpStatusCode.NotFound)
            PubSubLog.NoSubscribeEndpoint(logger, Question);
        else
            PubSubLog.SubscribeQuestionRefused(logger, (int)answer.Status);
        return [];
    }

    private IReadOnlyList<TopicSubscription> Read(byte[] answer)
    {
        try
        {
            var entries = JsonSerializer.Deserialize<List<Entry?>>(answer, AnswerOptions);
            return [.. entries?.OfType<Entry>().Select(entry => entry.ToSubscription()) ?? []];
        }
        catch (JsonException failure)
        {
            PubSubLog.SubscribeAnswerUnreadable(logger, failure);
            return [];
        }
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
