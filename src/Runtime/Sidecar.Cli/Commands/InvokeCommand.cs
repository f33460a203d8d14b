using System.CommandLine;
using System.Net.Http.Headers;
using Sidecar.Cli.Calls;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr invoke</c>: calls a method of a running app through its sidecar and shows the answer as it comes.</summary>
internal static class InvokeCommand
{
    private static readonly string[] Verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

    public static Command Create()
    {
        var app = new Option<string>("--app-id", "-a") { Description = "App to call", HelpName = "ID", Required = true };
        var method = new Option<string>("--method", "-m") { Description = "Method to call: a path, with a query if need be", HelpName = "PATH", Required = true };
        var verb = new Option<string>("--verb", "-v") { Description = "HTTP verb", HelpName = "VERB", DefaultValueFactory = _ => "POST" };
        verb.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } given && !Verbs.Contains(given, StringComparer.OrdinalIgnoreCase))
                result.AddError($"--verb is '{given}', expected one of {string.Join(", ", Verbs)}");
        });
        var socket = Options.UnixDomainSocket();
        var payload = new Payload();
        var command = new Command("invoke", "Call a method of a running app") { app, method, verb, socket };
        payload.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var appId = parsed.GetRequiredValue(app);
            using var sidecar = SidecarApi.Find(appId, parsed.GetValue(socket), RunIndex.OfUser(), out var problem);
            if (sidecar is null)
            {
                Console.Error.WriteLine(problem);
                return 1;
            }

            var path = $"/v1.0/invoke/{Uri.EscapeDataString(appId)}/method/{parsed.GetRequiredValue(method).TrimStart('/')}";
            using var request = new HttpRequestMessage(new HttpMethod(parsed.GetValue(verb)!.ToUpperInvariant()), path);
            if (payload.Read(parsed) is { Length: > 0 } data)
                request.Content = new ByteArrayContent(data) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            return await InvokeAsync(sidecar, request, appId, cancellationToken);
        });
        return command;
    }

    /// <summary>The answer is all that standard output gets, so that it can be piped on; what became of the call is told beside it.</summary>
    private static async Task<int> InvokeAsync(SidecarApi sidecar, HttpRequestMessage request, string appId, CancellationToken cancellationToken)
    {
        using var response = await sidecar.SendAsync(request, cancellationToken);
        await using (var output = Console.OpenStandardOutput())
        await using (var body = await response.Content.ReadAsStreamAsync(cancellationToken))
        {
            var endsLine = await CopyAsync(body, output, cancellationToken);
            if (!endsLine && !Console.IsOutputRedirected)
                Console.WriteLine();
        }

        Console.Error.WriteLine(response.IsSuccessStatusCode ? "App invoked successfully" : $"{appId} answered {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd());
        return response.IsSuccessStatusCode ? 0 : 1;
    }

    /// <returns>Whether what was copied ends a line, or is nothing.</returns>
    private static async Task<bool> CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        var last = (byte)'\n';
        while (await from.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            await to.FlushAsync(cancellationToken);
            last = buffer[count - 1];
        }

        return last == '\n';
    }
}
