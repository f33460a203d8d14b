using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>
/// The shop as a user runs it: <c>dapr run -f</c> on a copy of the repository's <c>dapr.yaml</c>, components and configuration
/// in a temporary folder, with every port replaced by a free one.
/// </summary>
public sealed partial class ShopRun : IAsyncDisposable
{
    public static readonly string[] Apps = ["gateway", "orders", "inventory", "payments", "notifications"];

    /// <summary>The gRPC service of the orders process, which is an app of its own to the run.</summary>
    public const string OrdersOverGrpc = "orders-grpc";

    private readonly TempFolder _folder = new();
    private readonly Backend _backend = new();
    private readonly List<string> _templates = [];
    private readonly Dictionary<string, int> _appPorts = [];
    private readonly Dictionary<string, int> _daprPorts = [];
    private readonly int _gatewayGrpcPort = FreePorts.Next();
    private readonly int _ordersGrpcPort = FreePorts.Next();
    private readonly IReadOnlyDictionary<string, string?> _environment;
    private TestProcess? _process;
    private bool _isPrepared;

    /// <param name="more">Folders of further templates in the repository, which are copied with all that is in them.</param>
    public ShopRun(IReadOnlyDictionary<string, string?>? environment = null, params IReadOnlyList<string> more)
    {
        foreach (var part in (string[])["components", "config"])
            Copy(RepositoryRoot.Combine(part), _folder.File(part));
        foreach (var part in more)
            Copy(RepositoryRoot.Combine(part), _folder.File(part));
        foreach (var part in more.Prepend("."))
        {
            _templates.Add(_folder.File(part));
            _folder.Write(Path.Combine(part, "dapr.yaml"), Rewrite(File.ReadAllText(RepositoryRoot.Combine(part, "dapr.yaml"))));
        }

        _environment = new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>()) { ["DAPR_RUNTIME_PATH"] = _folder.File("home") };
        Gateway = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_appPorts["gateway"]}"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Gateway { get; }

    /// <summary>Content of a faults file; null = nothing goes wrong on purpose.</summary>
    public string? Faults { get; init; }

    /// <summary>An app that dies is started again, which the repository's template does not ask for.</summary>
    public bool RestartsApps { get; init; }

    /// <summary>The servers behind the components, once the run was started.</summary>
    public Backend Backend => _backend;

    /// <summary>The gRPC API of the gateway's sidecar.</summary>
    public Uri GrpcApi => new($"http://127.0.0.1:{_gatewayGrpcPort}");

    public TestProcess Process => _process ?? throw new InvalidOperationException("The run was not started.");

    public string Folder => _folder.Path;

    /// <summary>Starts <c>dapr run -f</c>, before the first time also the servers of the component set, and awaits no more than those.</summary>
    public async Task StartAsync(bool isolated)
    {
        if (!_isPrepared)
        {
            await _backend.PrepareAsync(_folder.Path);
            foreach (var template in RestartsApps ? _templates : [])
                _folder.Write(Path.Combine(template, "dapr.yaml"), Command().Replace(await File.ReadAllTextAsync(Path.Combine(template, "dapr.yaml")), "$1restart: on-failure\n$1command:"));
        }

        _isPrepared = true;
        List<string> arguments = [RepositoryRoot.Combine("artifacts", "bin", "Sidecar.Cli", "release", "dapr.dll"), "run", .. _templates.SelectMany(template => new[] { "-f", template }), .. Backend.Arguments];
        if (isolated)
            arguments.Add("--isolated");
        if (Faults is not null)
            arguments.AddRange(["--faults", _folder.Write("faults.yaml", Faults)]);
        _process = TestProcess.Start("dotnet", arguments, _folder.Path, _environment);
    }

    /// <summary>Starts and waits until the gateway lets orders in.</summary>
    public async Task StartReadyAsync(bool isolated)
    {
        await StartAsync(isolated);
        await OpenAsync();
    }

    public Task OpenAsync() => Eventually.TrueAsync(
        async () =>
        {
            if (Process.HasExited)
                throw new Eventually.HopelessException($"the run ended:\n{Process.Output}");
            using var response = await Gateway.GetAsync("/api/products");
            return response.IsSuccessStatusCode;
        },
        $"an open gateway; the run said:\n{Process.Output}",
        TimeSpan.FromMinutes(3));

    /// <summary>Waits until the sidecar of an app has found it.</summary>
    public Task HealthyAsync(string app) => Eventually.TrueAsync(
        async () =>
        {
            using var response = await Gateway.GetAsync($"http://127.0.0.1:{_daprPorts[app]}/v1.0/healthz");
            return response.IsSuccessStatusCode;
        },
        $"the health of {app}");

    /// <summary>SIGKILL to <c>dapr run</c> alone, then waits until nothing of it is left.</summary>
    public async Task KillAsync()
    {
        Process.KillAlone();
        await Process.ExitAsync();
        await NothingLeftAsync();
        await Process.DisposeAsync();
        _process = null;
    }

    public async Task NothingLeftAsync() =>
        await Eventually.TrueAsync(() => Leftovers().Length == 0, $"the end of every process of the run ({string.Join(", ", Leftovers())})", TimeSpan.FromSeconds(20));

    /// <summary>
    /// Processes that work in this run's folder or have inherited its environment, whatever they are and whoever their parent is.
    /// </summary>
    public string[] Leftovers() => [.. Directory.EnumerateDirectories("/proc").Where(IsOfThisRun).Select(Path.GetFileName).OfType<string>()];

    public async Task<HttpResponseMessage> PostOrderAsync(JsonNode body, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders") { Content = JsonContent.Create(body) };
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        try
        {
            return await Gateway.SendAsync(request);
        }
        catch (TaskCanceledException late)
        {
            throw new TaskCanceledException($"An order got no answer within {Gateway.Timeout.TotalSeconds} s; the run said:\n{_process?.Output}", late);
        }
    }

    public Task<HttpResponseMessage> PostOrderAsync(string token, params (string Sku, int Quantity)[] lines) => PostOrderAsync(Order(token, lines));

    /// <summary>Posts and returns the id of the accepted order.</summary>
    public async Task<string> AcceptAsync(string token, params (string Sku, int Quantity)[] lines)
    {
        using var response = await PostOrderAsync(token, lines);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, $"{(int)response.StatusCode}: {text}\n{Process.Output}");
        return (string)JsonNode.Parse(text)!["id"]!;
    }

    public async Task<JsonNode> GetOrderAsync(string id)
    {
        using var response = await Gateway.GetAsync($"/api/orders/{id}");
        response.EnsureSuccessStatusCode();
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    /// <summary>The order once it is Confirmed or Cancelled.</summary>
    public Task<JsonNode> SettledAsync(string id, TimeSpan? patience = null) => Eventually.GetAsync(
        async () => await GetOrderAsync(id) is var order && (string?)order["status"] is "Confirmed" or "Cancelled" ? order : null,
        $"order {id} to settle; the run said:\n{_process?.Output}",
        patience);

    public async Task<Dictionary<string, (int Available, int Reserved, int Sold)>> StockAsync()
    {
        var products = JsonNode.Parse(await Gateway.GetStringAsync("/api/products"))!.AsArray();
        return products.ToDictionary(
            product => (string)product!["sku"]!,
            product => ((int)product!["available"]!, (int)product["reserved"]!, (int)product["sold"]!));
    }

    /// <summary>GET on a service by way of the gateway's sidecar; null for 404.</summary>
    public async Task<JsonNode?> AskAsync(string app, string path)
    {
        using var response = await Gateway.GetAsync($"http://127.0.0.1:{_daprPorts["gateway"]}/v1.0/invoke/{app}/method/{path}");
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        response.EnsureSuccessStatusCode();
        return JsonNode.Parse(await response.Content.ReadAsStringAsync());
    }

    /// <summary>POST to a service by way of the gateway's sidecar.</summary>
    public Task<HttpResponseMessage> TellAsync(string app, string path, JsonNode body) =>
        Gateway.PostAsJsonAsync($"http://127.0.0.1:{_daprPorts["gateway"]}/v1.0/invoke/{app}/method/{path}", body);

    /// <summary>Process id of an app, from its sidecar's metadata.</summary>
    public async Task<int> AppPidAsync(string app)
    {
        var metadata = JsonNode.Parse(await Gateway.GetStringAsync($"http://127.0.0.1:{_daprPorts[app]}/v1.0/metadata"))!;
        return int.Parse((string)metadata["extended"]!["appPID"]!, CultureInfo.InvariantCulture);
    }

    /// <summary>Process id of an app's own sidecar; there is one in an isolated run only.</summary>
    public int SidecarPid(string app) => int.Parse(
        Leftovers().First(pid =>
        {
            var words = Read($"/proc/{pid}/cmdline").Split('\0');
            return words.Any(word => word.EndsWith("daprd.dll", StringComparison.Ordinal)) && !words[0].EndsWith("sh", StringComparison.Ordinal) && words.Contains(app);
        }),
        CultureInfo.InvariantCulture);

    public static JsonObject Order(string token, params (string Sku, int Quantity)[] lines) => new()
    {
        ["customerId"] = "c1",
        ["lines"] = new JsonArray([.. lines.Select(line => new JsonObject { ["sku"] = line.Sku, ["quantity"] = line.Quantity })]),
        ["paymentToken"] = token,
    };

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        if (_process is not null)
            await _process.DisposeAsync();
        try
        {
            await NothingLeftAsync();
        }
        finally
        {
            await _backend.DisposeAsync();
            _folder.Dispose();
        }
    }

    private string Rewrite(string template)
    {
        var text = template.Replace("artifacts/bin/", RepositoryRoot.Combine("artifacts", "bin") + "/", StringComparison.Ordinal);
        var current = "";
        return string.Join('\n', text.Split('\n').Select(line =>
        {
            if (AppId().Match(line) is { Success: true } named)
            {
                current = named.Groups[1].Value;
                (_appPorts[current], _daprPorts[current]) = (current == OrdersOverGrpc ? _ordersGrpcPort : FreePorts.Next(), FreePorts.Next());
            }

            if (line.Contains("ORDERS_GRPC_PORT:", StringComparison.Ordinal))
                return $"      ORDERS_GRPC_PORT: {_ordersGrpcPort}";
            var grpcPort = current == "gateway" ? $"\n    daprGRPCPort: {_gatewayGrpcPort}" : "";
            return AppPort().Replace(line, match => $"{match.Groups[1].Value}appPort: {_appPorts[current]}\n{match.Groups[1].Value}daprHTTPPort: {_daprPorts[current]}{grpcPort}");
        }));
    }

    private bool IsOfThisRun(string process)
    {
        // A process that has ended and waits for its parent to take note has no command line any more.
        if (Read(Path.Combine(process, "cmdline")).Length == 0)
            return false;
        try
        {
            return new DirectoryInfo(Path.Combine(process, "cwd")).LinkTarget?.StartsWith(_folder.Path, StringComparison.Ordinal) == true
                || Read(Path.Combine(process, "environ")).Contains($"={_folder.Path}", StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    [GeneratedRegex(@"^( *)command:", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"appID:\s*(\S+)")]
    private static partial Regex AppId();

    [GeneratedRegex(@"^(\s+)appPort:\s*\d+")]
    private static partial Regex AppPort();
}
