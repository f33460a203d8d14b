namespace Sidecar.Cli.Single;

/// <summary>Names for apps that were not given one.</summary>
internal static class AppNames
{
    private static readonly string[] Kinds =
    [
        "amber", "brisk", "calm", "dusty", "eager", "fair", "gentle", "humble", "ivory", "jolly", "kind", "lucky", "mellow", "noble", "quiet", "rapid", "silver", "tidy", "vivid", "witty",
    ];

    private static readonly string[] Things =
    [
        "acorn", "badger", "cedar", "delta", "ember", "falcon", "grove", "harbor", "island", "juniper", "kestrel", "lagoon", "maple", "nectar", "orchid", "pebble", "quarry", "river", "summit", "thistle",
    ];

    /// <summary>One that none of <paramref name="taken"/> has.</summary>
    public static string MakeUp(IEnumerable<string> taken, Random random)
    {
        var used = taken.ToHashSet(StringComparer.Ordinal);
        var free = Kinds.SelectMany(_ => Things, (kind, thing) => $"{kind}-{thing}").Where(name => !used.Contains(name)).ToArray();
        return free.Length > 0 ? free[random.Next(free.Length)] : $"app-{Guid.NewGuid():N}";
    }
}
