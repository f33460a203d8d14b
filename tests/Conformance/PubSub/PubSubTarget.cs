using Sidecar.Components.PubSub;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.PubSub;

/// <summary>What a message broker says of itself when it joins the suite.</summary>
public sealed record PubSubTarget(string Type, PubSubFeatures Features)
{
    /// <summary>Component metadata; two components made in one folder use the same broker. Retries should follow within some tenths of a second.</summary>
    public Func<TempFolder, Dictionary<string, string>> Metadata { get; init; } = _ => [];

    /// <summary>The real server it talks to, whose address is added to <see cref="Metadata"/>; all tests share it.</summary>
    public BrokerKind? Server { get; init; }

    /// <summary>Metadata that make it notice a lost server, or a lost member, within a second or two.</summary>
    public Func<Dictionary<string, string>, Dictionary<string, string>> Impatient { get; init; } = metadata => metadata;

    /// <summary>Makes a topic of the server, before it is first used; null = the broker does it by itself, and well.</summary>
    public Func<BrokerServer, string, Task>? PrepareTopic { get; init; }

    /// <summary>Messages outlive the broker's client, and subscribers that come later get them.</summary>
    public bool IsDurable { get; init; }

    /// <summary>A consumer group that subscribes for the first time gets what was published before, too.</summary>
    public bool KeepsForLateGroups { get; init; } = true;

    /// <summary>A message that was not acknowledged comes again.</summary>
    public bool Redelivers { get; init; }

    /// <summary>What a subscription that ends has not acknowledged comes again; also where a message that fails does not.</summary>
    public bool GivesBack { get => field || Redelivers; init; }

    /// <summary>Subscriptions of one consumer group share the messages; otherwise each gets all.</summary>
    public bool Competes { get; init; }

    /// <summary>Whole partitions of a topic go to a member of the group, rather than message by message; the driver's own tests show the sharing.</summary>
    public bool CompetesByPartition { get; init; }

    /// <summary>Messages of one subscription that are handled at the same time, at most; set by <see cref="Metadata"/> where it can be.</summary>
    public int MaxInFlight { get; init; } = 1;

    /// <summary><see cref="MaxInFlight"/> counts for all subscriptions of a component together.</summary>
    public bool LimitIsOfComponent { get; init; }

    /// <summary>Time to live follows the clock the component was given; otherwise those cases are left out.</summary>
    public bool FollowsClock { get; init; } = true;

    /// <summary>Every publish metadata entry comes back with the delivery.</summary>
    public bool CarriesMetadata { get; init; } = true;

    /// <summary>The content type of the publisher comes back with the delivery.</summary>
    public bool CarriesContentType { get; init; } = true;

    /// <summary>Any text can be a topic; otherwise letters, digits, '.', '_' and '-' alone.</summary>
    public bool AnyTopic { get; init; } = true;

    /// <summary>A message that fails or hangs delays no other.</summary>
    public bool StepsAside { get; init; } = true;

    /// <summary>What one subscription gets is handed to handlers in the order of publishing.</summary>
    public bool Ordered { get; init; } = true;
}
