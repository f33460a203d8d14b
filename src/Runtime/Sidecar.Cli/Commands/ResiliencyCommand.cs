using System.CommandLine;
using System.Text.Json;
using Sidecar.Cli.Calls;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr resiliency</c>: for each running sidecar, which policy applies to which target, and the state of each breaker.</summary>
internal static class ResiliencyCommand
{
    private const string Path = "/v1.0-alpha1/resiliency";
    private const string None = "-";
    private static readonly string[] Columns = ["APP ID", "TARGET", "RETRY", "TIMEOUT", "CIRCUIT BREAKER", "ENDPOINT", "STATE"];

    public static Command Create()
    {
        var app = new Option<string>("--app-id", "-a") { Description = "Only the sidecar of this app", HelpName = "ID" };
        var command = new Command("resiliency", "Show the resiliency policies of running sidecars, and their circuit breakers") { app };
        command.SetAction((parsed, cancellationToken) => ShowAsync(RunIndex.OfUser().Apps(), parsed.GetValue(app), cancellationToken));
        return command;
    }

    private static async Task<int> ShowAsync(IReadOnlyList<RunningApp> running, string? appId, CancellationToken cancellationToken)
    {
        var asked = running.Where(app => appId is null || app.AppId == appId).ToArray();
        if (asked.Length == 0)
        {
            Console.Error.WriteLine(appId is null ? "No Dapr instances found." : RunningApp.NotFound(appId, running));
            return appId is null ? 0 : 1;
        }

        List<string[]> rows = [Columns];
        var silent = 0;
        foreach (var app in asked)
        {
            try
            {
                rows.AddRange(await RowsAsync(app, cancellationToken));
            }
            catch (Exception failure) when (failure is IOException or JsonException or HttpRequestException)
            {
                silent++;
                Console.Error.WriteLine($"{app.AppId}: {failure.Message}");
            }
        }

        Table.Write(Console.Out, rows);
        return silent == 0 ? 0 : 1;
    }

    private static async Task<IReadOnlyList<string[]>> RowsAsync(RunningApp app, CancellationToken cancellationToken)
    {
        using var sidecar = SidecarApi.Of(app.App);
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        using var response = await sidecar.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new IOException($"its sidecar answered {(int)response.StatusCode}");
        using var listing = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return [.. listing.RootElement.GetProperty("targets").EnumerateArray().SelectMany(target => Rows(app.AppId, target))];
    }

    private static IEnumerable<string[]> Rows(string appId, JsonElement target)
    {
        string[] policies = [appId, Text(target, "target"), Text(target, "retry"), Text(target, "timeout"), Text(target, "circuitBreaker")];
        return target.TryGetProperty("breakers", out var breakers)
            ? breakers.EnumerateArray().Select(breaker => (string[])[.. policies, Text(breaker, "endpoint") is { Length: > 0 } endpoint ? endpoint : None, Text(breaker, "state")])
            : [[.. policies, None, None]];
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? None : None;
}
