using Sidecar.Components;

namespace Sidecar.Runtime.PubSub;

/// <summary>
/// Which topics of one component this app may use: <c>allowedTopics</c>, <c>protectedTopics</c>, <c>publishingScopes</c>
/// and <c>subscriptionScopes</c> of the component's metadata (contract section 2.6).
/// </summary>
internal sealed class TopicPermissions
{
    private readonly HashSet<string> _allowed;
    private readonly HashSet<string> _protected;
    private readonly HashSet<string>? _publishing;
    private readonly HashSet<string>? _subscribing;

    private TopicPermissions(HashSet<string> allowed, HashSet<string> @protected, HashSet<string>? publishing, HashSet<string>? subscribing)
    {
        _allowed = allowed;
        _protected = @protected;
        _publishing = publishing;
        _subscribing = subscribing;
    }

    public static TopicPermissions Read(ComponentMetadata metadata, string appId) => new(
        Topics(metadata.Text("allowedTopics", "")),
        Topics(metadata.Text("protectedTopics", "")),
        TopicsOfApp(metadata.Text("publishingScopes", ""), appId),
        TopicsOfApp(metadata.Text("subscriptionScopes", ""), appId));

    public bool MayPublish(string topic) => Allows(topic, _publishing);

    public bool MaySubscribe(string topic) => Allows(topic, _subscribing);

    private bool Allows(string topic, HashSet<string>? scope)
    {
        if (_allowed.Count > 0 && !_allowed.Contains(topic))
            return false;
        return scope?.Contains(topic) ?? !_protected.Contains(topic);
    }

    /// <summary>The topics that <c>app1=t1,t2;app2=t3</c> lists for the app; null when it does not name the app.</summary>
    private static HashSet<string>? TopicsOfApp(string scopes, string appId)
    {
        HashSet<string>? topics = null;
        foreach (var entry in scopes.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var sides = entry.Split('=', StringSplitOptions.TrimEntries);
            if (sides.Length == 2 && sides[0] == appId)
                (topics ??= []).UnionWith(Topics(sides[1]));
        }

        return topics;
    }

    private static HashSet<string> Topics(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
