using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary><c>dapr run --enable-mtls</c>: sidecars of a run know each other by certificates.</summary>
public sealed class MtlsRunTests : RunFixture
{
    private const string Rules = """
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: { name: c }
        spec:
          accessControl:
            defaultAction: deny
            policies:
            - appId: friend
              trustDomain: public
              namespace: default
              defaultAction: deny
              operations: [ { name: /open, httpVerb: ["POST"], action: allow } ]
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Access_control_knows_who_calls_by_the_certificate_and_by_nothing_else(bool isolated)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/open", 200).On("/shut", 200));
        var template = Template(
            ("callee", "", $"appPort: {app.Port}\nconfigFilePath: {Folder.Write("rules.yaml", Rules)}"), ("friend", Waiting, ""), ("stranger", Waiting, ""));
        await using var run = DaprCli.Start(Folder, ["run", "--enable-mtls", "-f", template, .. isolated ? ["--isolated"] : Array.Empty<string>()]);
        await run.LineAsync("all 3 apps are healthy");
        var listed = await ListAsync();

        Assert.Equal(200, await CallAsync("friend", "open"));
        Assert.Equal(403, await CallAsync("friend", "shut"));
        Assert.Equal(403, await CallAsync("stranger", "open", ("dapr-caller-app-id", "friend"), ("dapr-caller-namespace", "default")));
        Assert.Equal(["/open"], app.Seen.Select(request => request.Path).Where(path => path is "/open" or "/shut"));

        // Private keys are for their owner alone, and go with the run.
        var secret = Directory.EnumerateFiles(Folder.Path, "*.key", SearchOption.AllDirectories).ToList();
        Assert.Equal(isolated ? 3 : 0, secret.Count);
        Assert.All(secret, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
        Assert.All(secret, file => Assert.False(File.Exists(file), file));

        async Task<int> CallAsync(string caller, string method, params (string Name, string Value)[] headers)
        {
            using var response = await PostAsync(listed[caller].GetProperty("httpPort").GetInt32(), $"/v1.0/invoke/callee/method/{method}", headers);
            return (int)response.StatusCode;
        }
    }
}
