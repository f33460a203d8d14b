using Sidecar.Cli.Commands;
using Sidecar.Cli.Single;

namespace Sidecar.Cli.Tests.Commands;

public sealed class DaprCommandTests
{
    private static readonly string[] Words =
    [
        "run", "stop", "invoke", "publish", "logs", "list", "components", "--", "-", "--app-id", "-a", "-f", "--app-id=x", "--=", "-abc", "--enable-profiling=maybe", "@file",
        "", " ", "\"", "[suggest:3]", "--help", "-k", "x", "--app-port", "70000", "ü", "--data", "{}", "-o", "json", "--no-such", "mtls", "\0", "--verb",
    ];

    /// <summary>Flags of the official <c>dapr run</c>, each with a value that is good.</summary>
    public static TheoryData<string> OfficialRunFlags =>
    [
        "--app-id x", "-a x", "--app-port 5000", "-p 5000", "--app-protocol grpc", "-P h2c", "--app-channel-address localhost", "--app-max-concurrency 5", "--app-ssl",
        "--dapr-http-port 3500", "-H 3500", "--dapr-grpc-port 50001", "-G 50001", "--dapr-internal-grpc-port 50002", "-I 50002", "--metrics-port 9090", "-M 9090",
        "--enable-profiling", "--profile-port 7777", "--resources-path .", "-d .", "--components-path .", "--config c.yaml", "-c c.yaml", "--dapr-listen-addresses 127.0.0.1",
        "--unix-domain-socket /tmp", "-u /tmp", "--log-level debug", "--max-body-size 8Mi", "--read-buffer-size 8Ki", "--dapr-http-max-request-size 8", "--dapr-http-read-buffer-size 8",
        "--enable-app-health-check", "--app-health-check-path /healthz", "--app-health-probe-interval 5", "--app-health-probe-timeout 500", "--app-health-threshold 3",
        "--enable-api-logging", "--placement-host-address localhost:50005", "--scheduler-host-address localhost:50006", "--runtime-path .", "--enable-api-logging=false",
    ];

    [Theory]
    [MemberData(nameof(OfficialRunFlags))]
    public void Every_flag_of_the_official_run_is_taken(string flag)
    {
        var parsed = DaprCommand.Parse(["run", .. flag.Split(' '), "--", "app", flag]);

        Assert.Empty(WrongWords.In(parsed));
        Assert.Equal(["app", flag], parsed.GetRequiredValue<string[]>("command"));
    }

    [Theory]
    [InlineData("--max-body-size 8Mi", "maxBodySize", "8Mi")]
    [InlineData("--dapr-http-max-request-size 8", "maxBodySize", "8Mi")]
    [InlineData("--dapr-http-read-buffer-size 16", "readBufferSize", "16Ki")]
    [InlineData("--app-protocol GRPC", "appProtocol", "grpc")]
    [InlineData("--app-ssl", "appSSL", "true")]
    [InlineData("--enable-api-logging=false", "enableApiLogging", "false")]
    [InlineData("-d one,two -d three", "resourcesPaths", "one two three")]
    public void A_flag_is_the_field_of_a_template(string words, string field, string values)
    {
        var flags = new SingleAppFlags();
        var command = new System.CommandLine.Command("run");
        foreach (var option in flags.Options)
            command.Add(option);

        var read = flags.Read(command.Parse(words.Split(' ')));

        Assert.Equal(values.Split(' '), read.Select(setting => setting.Value));
        Assert.All(read, setting => Assert.Equal(field, setting.Field));
    }

    [Fact]
    public void Any_words_are_parsed_or_told_of_and_never_break_the_parser()
    {
        var random = new Random(17);
        for (var round = 0; round < 2000; round++)
        {
            string[] words = [.. Enumerable.Range(0, random.Next(8)).Select(_ => Words[random.Next(Words.Length)])];

            Assert.DoesNotContain("", WrongWords.In(DaprCommand.Parse(words)));
        }
    }
}
