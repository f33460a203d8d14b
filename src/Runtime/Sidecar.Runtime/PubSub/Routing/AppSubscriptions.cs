using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.PubSub.Routing;

/// <summary>The question what the app subscribes to, in its protocol.</summary>
internal interface ISubscriptionQuestion
{
    /// <summary>The app's list as it stands: empty when it has none or none that can be read, null when it gave no answer; both are logged.</summary>
    Task<IReadOnlyList<TopicSubscription>?> AskAsync(CancellationToken cancellationToken);
}

/// <summary>What the app subscribes to by its own word (contract section 2.7).</summary>
internal sealed class AppSubscriptions(ISubscriptionQuestion question, IRouteMatcherParser matchers, ILogger<AppSubscriptions> logger)
{
    /// <summary>What of the app's list can be used: empty when it has none or one of them is broken, null when it gave no answer; both are logged.</summary>
    public async Task<IReadOnlyList<TopicSubscription>?> AskAsync(CancellationToken cancellationToken) =>
        await question.AskAsync(cancellationToken).ConfigureAwait(false) is { } answered ? Usable(answered) : null;

    private IReadOnlyList<TopicSubscription> Usable(IReadOnlyList<TopicSubscription> answered)
    {
        var usable = new List<TopicSubscription>();
        foreach (var subscription in answered.Where(subscription => subscription.Rules.Count > 0))
        {
            if (!RouteTable.TryCreate(subscription.Rules, matchers, out _, out var error))
            {
                PubSubLog.SubscribeAnswerBroken(logger, subscription.PubsubName, subscription.Topic, error);
                return [];
            }

            usable.Add(subscription);
        }

        return usable;
    }
}
