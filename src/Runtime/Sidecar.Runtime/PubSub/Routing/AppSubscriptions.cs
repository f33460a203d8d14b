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
    private const int MaximumAnswer = 4 * 1024 * 1024;

    private static readonly Uri Path = new("/dapr/subscribe", UriKind.Relative);
    private static readonly JsonSerializerOptions AnswerOptions = new(JsonSerializerDefaults.Web) { AllowTrailingCommas = false };

    // The initialization retries of contract section 2.17: 0.5 s, growing by half, at most 1 s; three of them, 10 s in all.
    private static readonly TimeSpan[] RetryDelays = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1)];
    private static readonly TimeSpan TotalTime = TimeSpan.FromSeconds(10);

    /// <summary>The app's list; empty when it has none or none that can be used, which is logged.</summary>
    public async Task<IReadOnlyList<TopicSubscription>> AskAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TotalTime, time);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await AskOnceAsync(asking.Token).ConfigureAwait(false);
            }
            catch (Exception failure) when (IsTransport(failure) && !cancellationToken.IsCancellationRequested)
            {
                if (attempt == RetryDelays.Length || limit.IsCancellationRequested)
                {
                    PubSubLog.SubscribeQuestionFailed(logger, failure, attempt + 1);
                    return [];
                }
            }

            // Not bound to the total time: it is looked at before and within each question.
            await Task.Delay(RetryDelays[attempt], time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsTransport(Exception failure) => failure is HttpRequestException or IOException or OperationCanceledException;

    private async Task<IReadOnlyList<TopicSubscription>> AskOnceAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path) { Content = new ByteArrayContent([]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("dapr-app-id", options.AppId);
        using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                await response.Content.LoadIntoBufferAsync(MaximumAnswer, cancellationToken).ConfigureAwait(false);
                return Read(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            case HttpStatusCode.NotFound:
                PubSubLog.NoSubscribeEndpoint(logger);
                return [];
            default:
                PubSubLog.SubscribeQuestionRefused(logger, (int)response.StatusCode);
                return [];
        }
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

            if (entry.BulkSubscribe is { Enabled: true })
                PubSubLog.BulkIgnored(logger, subscription.PubsubName, subscription.Topic);
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
            };
        }
    }

    private sealed record Routes(IReadOnlyList<Rule?>? Rules, string? Default);

    private sealed record Rule(string? Match, string? Path);

    private sealed record Bulk(bool Enabled);
}
