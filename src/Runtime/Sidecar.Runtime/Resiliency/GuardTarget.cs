namespace Sidecar.Runtime.Resiliency;

/// <summary>Whom a guard stands before.</summary>
/// <param name="Kind">app, actor, or one of <see cref="ComponentBlocks"/>.</param>
/// <param name="Name">App-id, HTTPEndpoint or URL; actor type; component.</param>
internal sealed record GuardTarget(string Kind, string Name, FlowDirection Direction)
{
    public const string AppKind = "app";
    public const string ActorKind = "actor";

    public static GuardTarget App(string name) => new(AppKind, name, FlowDirection.Outbound);

    /// <summary>As metrics name it.</summary>
    public string Label => $"{Kind}_{Name}";

    public override string ToString() => Kind is AppKind or ActorKind ? $"{Kind} {Name}" : $"component {Name} ({(Direction == FlowDirection.Inbound ? "inbound" : "outbound")})";
}
