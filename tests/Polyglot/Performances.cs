using System.Collections.Concurrent;
using TestSupport;

namespace Polyglot;

/// <summary>Plays a script once per protocol, when the first test asks for it, and keeps what came of it.</summary>
public abstract class Performances(string script)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Outcome>>> _played = new(StringComparer.Ordinal);

    public async Task HoldsAsync(string protocol, string check) => (await OutcomeAsync(protocol)).Holds(check);

    /// <summary>Checks that are named in the source and those that were played are the same.</summary>
    public async Task IsCompleteAsync(string protocol) => Assert.Equal(Scripts.Named(script, protocol).Order(), (await OutcomeAsync(protocol)).Played.Order());

    protected abstract void StartSidecars(Stage stage);

    /// <summary>After the script has ended, while the sidecars still run.</summary>
    protected virtual Task PlayedAsync(Stage stage) => Task.CompletedTask;

    protected Task<Outcome> OutcomeAsync(string protocol)
    {
        NodePackages.SkipWithoutNode();
        return _played.GetOrAdd(protocol, static (protocol, self) => new Lazy<Task<Outcome>>(() => self.PlayAsync(protocol)), this).Value;
    }

    private async Task<Outcome> PlayAsync(string protocol)
    {
        await using var stage = new Stage(protocol);
        StartSidecars(stage);
        var outcome = await stage.PlayAsync($"{script}.cjs");
        await PlayedAsync(stage);
        return outcome;
    }
}
