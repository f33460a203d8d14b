using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Testing.Tests;

/// <summary>What the tests of this project do with a host again and again.</summary>
internal static class Hosts
{
    public static void Ok(this WebApplication app, string path) => app.MapPost(path, () => Results.Ok());

    public static async Task PublishAsync(this DaprTestApp app, string topic, object data)
    {
        using var answer = await app.Sidecar.PostAsJsonAsync($"/v1.0/publish/pubsub/{topic}", data);
        answer.EnsureSuccessStatusCode();
    }

    public static async Task<HttpResponseMessage> SaveAsync(this DaprTestApp app, string key, string value, string metadata = "{}") =>
        await app.Sidecar.PostAsync(
            new Uri("/v1.0/state/statestore", UriKind.Relative),
            new StringContent($$"""[{"key":"{{key}}","value":"{{value}}","metadata":{{metadata}}}]""", Encoding.UTF8, "application/json"));

    public static async Task<string> StateAsync(this DaprTestApp app, string key) => await app.Sidecar.GetStringAsync(new Uri($"/v1.0/state/statestore/{key}", UriKind.Relative));

    public static Task<HttpResponseMessage> InvokeAsync(this DaprTestApp app, string appId, string method) =>
        app.Sidecar.GetAsync(new Uri($"/v1.0/invoke/{appId}/method/{method}", UriKind.Relative));
}
