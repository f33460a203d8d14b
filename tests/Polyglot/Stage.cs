using System.Text.Json;
using System.Text.Json.Nodes;
using TestSupport;

namespace Polyglot;

/// <summary>What a script plays on: real <c>daprd</c> processes on free ports, whose components are files in a temporary folder.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly Dictionary<string, TestProcess> _sidecars = [];
    private readonly JsonObject _ports = [];

    public Stage(string protocol)
    {
        Protocol = protocol;
        WriteComponent("statestore", "state.sqlite", ("connectionString", Folder.File("state.db")));
        WriteComponent("pubsub", "pubsub.sqlite", ("connectionString", Folder.File("pubsub.db")), ("redeliverInterval", "100ms"));
    }

    /// <summary>What the SDK speaks: http or grpc.</summary>
    public string Protocol { get; }

    public TempFolder Folder { get; } = new();

    /// <summary>Where the script's app listens.</summary>
    public int AppPort { get; } = FreePorts.Next();

    public void WriteComponent(string name, string type, params (string Name, string Value)[] metadata) => Folder.Write(
        $"components/{name}.yaml",
        $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: v1
          metadata:
        {string.Join("\n", metadata.Select(item => $"  - name: {item.Name}\n    value: \"{item.Value}\""))}
        """);

    /// <summary>Starts a sidecar, which finds the script's app if it is the one that has it.</summary>
    public void StartSidecar(string appId, bool hasApp, IEnumerable<string>? flags = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var (http, grpc) = (FreePorts.Next(), FreePorts.Next());
        List<string> arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "daprd.dll"), "--app-id", appId, "--dapr-http-port", $"{http}", "--dapr-grpc-port", $"{grpc}",
            "--resources-path", Folder.File("components"), "--name-registry", Folder.File("names.db"), "--dapr-graceful-shutdown-seconds", "60",
        ];
        if (hasApp)
            arguments.AddRange(["--app-port", $"{AppPort}"]);
        arguments.AddRange(flags ?? []);
        _sidecars[appId] = TestProcess.Start("dotnet", arguments, Folder.Path, environment);
        _ports[appId] = new JsonObject { ["http"] = http, ["grpc"] = grpc };
    }

    public TestProcess Sidecar(string appId) => _sidecars[appId];

    /// <summary>Plays a script to its end.</summary>
    public async Task<Outcome> PlayAsync(string script)
    {
        var about = new JsonObject { ["protocol"] = Protocol, ["appPort"] = AppPort, ["sidecars"] = _ports };
        await using var node = await NodePackages.StartAsync(Scripts.Path(script), [about.ToJsonString(JsonSerializerOptions.Default)]);
        var exitCode = await node.ExitAsync(TimeSpan.FromMinutes(5));
        return new Outcome(exitCode, node.Output, string.Join('\n', _sidecars.Select(sidecar => $"--- sidecar {sidecar.Key}:\n{sidecar.Value.Output}")));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in _sidecars.Values)
            await sidecar.DisposeAsync();
        Folder.Dispose();
    }
}
