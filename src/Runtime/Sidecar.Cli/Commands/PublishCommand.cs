using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using Sidecar.Cli.Calls;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr publish</c>: publishes an event in the name of a running app, through its sidecar.</summary>
internal static class PublishCommand
{
    private static readonly string[] EnvelopeFields = ["id", "source", "specversion", "type", "data"];

    public static Command Create()
    {
        var app = new Option<string>("--publish-app-id", "-i") { Description = "App in whose name to publish", HelpName = "ID", Required = true };
        var pubsub = new Option<string>("--pubsub", "-p") { Description = "Pub/sub component", HelpName = "NAME", Required = true };
        var topic = new Option<string>("--topic", "-t") { Description = "Topic", HelpName = "NAME", Required = true };
        var metadata = new Option<string?>("--metadata", "-m") { Description = """Metadata of the event, such as {"ttlInSeconds":"60"}""", HelpName = "JSON" };
        var socket = Options.UnixDomainSocket();
        var payload = new Payload();
        var command = new Command("publish", "Publish an event") { app, pubsub, topic, metadata, socket };
        payload.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (Query(parsed.GetValue(metadata)) is not { } query)
                return Refuse("""--metadata is not a JSON object such as {"ttlInSeconds":"60"}""");
            using var sidecar = SidecarApi.Find(parsed.GetRequiredValue(app), parsed.GetValue(socket), RunIndex.OfUser(), out var problem);
            if (sidecar is null)
                return Refuse(problem);
            var (component, name) = (parsed.GetRequiredValue(pubsub), parsed.GetRequiredValue(topic));
            var data = payload.Read(parsed);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1.0/publish/{Uri.EscapeDataString(component)}/{EscapeTopic(name)}{query}")
            {
                Content = new ByteArrayContent(data) { Headers = { ContentType = new MediaTypeHeaderValue(IsEnvelope(data) ? "application/cloudevents+json" : "application/json") } },
            };
            using var response = await sidecar.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
                return Refuse($"topic {name} of {component}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
            Console.WriteLine("Event published successfully");
            return 0;
        });
        return command;
    }

    /// <summary>A topic may have slashes.</summary>
    private static string EscapeTopic(string topic) => Uri.EscapeDataString(topic).Replace("%2F", "/", StringComparison.Ordinal);

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        return 1;
    }

    /// <summary>Null when it is not a JSON object.</summary>
    private static string? Query(string? metadata)
    {
        if (string.IsNullOrEmpty(metadata))
            return "";
        try
        {
            using var document = JsonDocument.Parse(metadata);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? "?" + string.Join('&', document.RootElement.EnumerateObject().Select(item => $"metadata.{Uri.EscapeDataString(item.Name)}={Uri.EscapeDataString(item.Value.ToString())}"))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whoever gives a whole CloudEvent means it to be sent as one, as with the official command line.</summary>
    private static bool IsEnvelope(byte[] data)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            return document.RootElement.ValueKind == JsonValueKind.Object && EnvelopeFields.All(field => document.RootElement.TryGetProperty(field, out _));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
