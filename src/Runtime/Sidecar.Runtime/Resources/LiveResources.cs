namespace Sidecar.Runtime.Resources;

/// <summary>The resources of one sidecar as they are now: what was read at start, or what the last reload that succeeded has put in its place.</summary>
internal sealed class LiveResources(ResourceSet first)
{
    private volatile ResourceSet _current = first;

    /// <summary>A snapshot, never changed afterwards. Take it once per decision.</summary>
    public ResourceSet Current => _current;

    public void Replace(ResourceSet next) => _current = next;
}
