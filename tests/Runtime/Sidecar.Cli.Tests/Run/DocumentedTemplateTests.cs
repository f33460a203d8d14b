using System.Net.Http.Json;
using System.Text.Json;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>Templates in the forms that the reference of multi-app run and its samples show, with apps that know nothing but HTTP.</summary>
public sealed class DocumentedTemplateTests : RunFixture
{
    private const string Webapp =
        """
        import http.server, json, os, urllib.request
        class App(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/chain":
                    url = "http://localhost:%s/v1.0/invoke/backend/method/hello" % os.environ["DAPR_HTTP_PORT"]
                    body = json.dumps({"debug": os.environ["DEBUG"], "backend": json.load(urllib.request.urlopen(url))}).encode()
                elif self.path == "/dapr/subscribe":
                    body = json.dumps([{"pubsubname": "orderpubsub", "topic": "orders", "route": "orders"}]).encode()
                else:
                    body = b"{}"
                self.answer(body)
            def do_POST(self):
                print("order=" + json.dumps(json.loads(self.rfile.read(int(self.headers["content-length"])))["data"]), flush=True)
                self.answer(b"{}")
            def answer(self, body):
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        http.server.ThreadingHTTPServer(("", int(os.environ["APP_PORT"])), App).serve_forever()
        """;

    private const string Backend =
        """
        require('http').createServer((request, response) => {
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ debug: process.env.DEBUG, path: request.url }));
        }).listen(process.env.APP_PORT, () => console.log('listening'));
        """;

    private const string Checkout =
        """
        #!/usr/bin/env python3
        import json, os, urllib.request
        request = urllib.request.Request("http://localhost:%s/v1.0/publish/orderpubsub/orders" % os.environ["DAPR_HTTP_PORT"],
                                         data=json.dumps({"orderId": 1}).encode(), headers={"content-type": "application/json"})
        print("published=%d" % urllib.request.urlopen(request).status, flush=True)
        """;

    private static readonly HttpClient Http = new() { Timeout = Eventually.Patience };

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task It_runs_as_written(params string[] mode)
    {
        Assert.SkipUnless(IsInPath("node"), "this machine has no node");
        Folder.Write(".dapr/webapp/app.py", Webapp);
        Folder.Write(".dapr/webapp/.dapr/config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: daprConfig\nspec: {}\n");
        Folder.Write(".dapr/webapp/.dapr/resources/pubsub.yaml", PubSub());
        Folder.Write(".dapr/backend/app.js", Backend);
        File.SetUnixFileMode(Folder.Write("apps/checkout/checkout", Checkout), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Folder.Write("app/components/pubsub.yaml", PubSub());
        var template = Folder.Write("dapr.yaml", $$"""
            version: 1
            common: # optional section for variables shared across apps
              resourcesPath: ./app/components # any dapr resources to be shared across apps
              env:  # any environment variable shared across apps
                DEBUG: true
            apps:
              - appID: webapp # optional
                appDirPath: .dapr/webapp/ # REQUIRED
                resourcesPath: .dapr/resources # deprecated
                resourcesPaths: .dapr/resources # comma separated resources paths. (optional) can be left to default value by convention.
                appChannelAddress: 127.0.0.1
                configFilePath: .dapr/config.yaml
                appProtocol: HTTP
                appPort: {{FreePorts.Next()}}
                appHealthCheckPath: "/healthz"
                command: ["python3", "app.py"]
                appLogDestination: file # (optional), can be file, console or fileAndConsole. default is fileAndConsole.
                daprdLogDestination: file
              - appID: backend
                appDirPath: .dapr/backend/
                appProtocol: http
                appPort: {{FreePorts.Next()}}
                unixDomainSocket: "{{Folder.File("socket")}}"
                env:
                  DEBUG: false
                command: ["node", "app.js"]
                # The following two properties will only be used if the app is run in Kubernetes
                containerImage: ghcr.io/dapr/samples/hello-k8s-node:latest
                containerImagePullPolicy: Always
              - appDirPath: ~/apps/checkout
                command: ["./checkout"]
            """);
        await using var run = DaprCli.Start(Folder, new Dictionary<string, string> { ["HOME"] = Folder.Path }, ["run", "-f", Folder.Path, .. mode]);
        Assert.Equal("204", await run.PrintedAsync("checkout", "published"));
        await run.LineAsync("checkout ended with exit code 0");
        await run.LineAsync("backend is healthy");
        await run.LineAsync("webapp is healthy");

        var webapp = (await ListAsync())["webapp"];
        Assert.Equal(template, webapp.GetProperty("runTemplatePath").GetString());
        var chain = await Http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{webapp.GetProperty("httpPort").GetInt32()}/v1.0/invoke/webapp/method/chain");
        Assert.Equal("""{"debug": "true", "backend": {"debug": "false", "path": "/hello"}}""", chain.GetRawText());
        var log = webapp.GetProperty("appLogPath").GetString()!;
        Assert.StartsWith(Folder.File(".dapr/webapp/.dapr/logs/webapp_app_"), log);
        await Eventually.TrueAsync(() => File.ReadAllText(log).Contains("""order={"orderId": 1}""", StringComparison.Ordinal), "the order in the log of webapp");
        Assert.DoesNotContain("== APP - webapp ==", run.Output);
        Assert.Equal(0, await run.SignalAndWaitAsync(SigInt));
    }

    private string PubSub() =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: orderpubsub\nspec:\n  type: pubsub.sqlite\n  version: v1\n  metadata:\n  - name: connectionString\n    value: {Folder.File("orders.db")}\n";

    private static bool IsInPath(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
