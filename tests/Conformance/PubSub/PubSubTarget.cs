using Sidecar.Components.PubSub;
using TestSupport;

namespace Conformance.PubSub;

/// <summary>What a message broker says of itself when it joins the suite.</summary>
public sealed record PubSubTarget(string Type, PubSubFeatures Features)
{
    /// <summary>Component metadata; two components made in one folder use the same broker. Retries should follow within some tenths of a second.</summary>
    public Func<TempFolder, Dictionary<string, string>> Metadata { get; init; } = _ => [];

    /// <summary>Messages outlive the broker's client, and subscribers that come later get them.</summary>
    public bool IsDurable { get; init; }

    /// <summary>A message that was not acknowledged comes again.</summary>
    public bool Redelivers { get; init; }

    /// <summary>Subscriptions of one consumer group share the messages; otherwise each gets all.</summary>
    public bool Competes { get; init; }

    /// <summary>Messages of one subscription that are handled at the same time, at most; set by <see cref="Metadata"/> where it can be.</summary>
    public int MaxInFlight { get; init; } = 1;

    /// <summary>Time to live follows the clock the component was given; otherwise those cases are left out.</summary>
    public bool FollowsClock { get; init; } = true;
}
