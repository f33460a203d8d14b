using System.Net.Http.Json;
using System.Text.Json;
using Sidecar.Cli.Processes;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>A folder with a template of tiny apps.</summary>
public abstract class RunFixture : IDisposable
{
    protected const int SigHup = 1;
    protected const int SigInt = 2;
    protected const int SigKill = 9;
    protected const int SigTerm = 15;

    /// <summary>An app that tells its number and waits; its child too.</summary>
    protected const string Waiting = "sleep 1000 & echo child=$!; echo pid=$$; wait";

    private static readonly HttpClient Http = new() { Timeout = Eventually.Patience };

    internal TempFolder Folder { get; } = new();

    /// <summary>Writes <c>dapr.yaml</c> with one shell app each, in folders of their own; <paramref name="apps"/> are (id, script, further YAML lines).</summary>
    protected string Template(params (string Id, string Script, string Extra)[] apps)
    {
        Folder.Write("resources/readme.yaml", "");
        var yaml = "version: 1\ncommon:\n  resourcesPath: ./resources\napps:\n";
        foreach (var (id, script, extra) in apps)
        {
            Directory.CreateDirectory(Folder.File(id));
            yaml += $"  - appID: {id}\n    appDirPath: {id}\n";
            if (script.Length > 0)
                yaml += $"    command: [sh, -c, {JsonSerializer.Serialize(script)}]\n";
            foreach (var line in extra.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                yaml += $"    {line}\n";
        }

        return Folder.Write("dapr.yaml", yaml);
    }

    protected string Template(string id, string script, string extra = "") => Template((id, script, extra));

    protected static Task GoneAsync(int pid, string what, TimeSpan? patience = null) =>
        Eventually.TrueAsync(() => ProcessIdentity.Of(pid) is null, $"the end of {what} (pid {pid})", patience);

    /// <summary>The rows of <c>dapr list -o json</c>, by app.</summary>
    internal async Task<Dictionary<string, JsonElement>> ListAsync()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "list", "-o", "json");
        Assert.Equal(0, code);
        return JsonDocument.Parse(output).RootElement.EnumerateArray().ToDictionary(row => row.GetProperty("appId").GetString()!);
    }

    protected static async Task<Dictionary<string, string>> ExtendedMetadataAsync(int httpPort) =>
        (await MetadataAsync(httpPort)).GetProperty("extended").Deserialize<Dictionary<string, string>>()!;

    protected static Task<JsonElement> MetadataAsync(int httpPort) =>
        Http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{httpPort}/v1.0/metadata");

    protected static Task<HttpResponseMessage> PostAsync(int httpPort, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{httpPort}{path}");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return Http.SendAsync(request);
    }

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
