using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resources;

/// <summary>Whatever a template holds, the loader answers with the template or with what is wrong and where.</summary>
public sealed class RunTemplatePropertyTests
{
    private static readonly string[] AppKeys =
    [
        "appID", "appDirPath", "appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort", "metricsPort", "profilePort", "command", "appChannelAddress", "unixDomainSocket",
        "resourcesPath", "resourcesPaths", "configFilePath", "appProtocol", "apiListenAddresses", "enableProfiling", "logLevel", "appMaxConcurrency", "placementHostAddress",
        "schedulerHostAddress", "appSSL", "maxBodySize", "readBufferSize", "enableAppHealthCheck", "appHealthCheckPath", "appHealthProbeInterval", "appHealthProbeTimeout",
        "appHealthThreshold", "enableApiLogging", "runtimePath", "env", "appLogDestination", "daprdLogDestination", "containerImage", "containerImagePullPolicy", "createService",
        "dependsOn", "restart", "watch", "build", "appId", "", "x",
    ];

    private static readonly string[] TopKeys = ["version", "name", "common", "componentSets", "apps", "comon"];

    /// <summary>Texts are JSON, which YAML reads, so that every character can occur.</summary>
    private static readonly Gen<string> Scalars = Gen.OneOf(
        Gen.Elements("a", "b", "one", "no", "on-failure", "null", "~", "true", "1", "0", "-1", "8080", "70000", "1.5", "1e99", "99999999999999999999", "4Mi", ".", "..", "./one", "~/", "one, one", "2026-01-01"),
        Gen.Elements("", " ", "a\0b", "~x", "//", "\ud800", "a\nb", "\u0085", "/", "C:\\x", "one,,", "é", "a.b").Select(text => JsonSerializer.Serialize(text)),
        Gen.Frequency((99, Gen.Constant("x")), (1, Gen.Constant(new string('x', 5000)))));

    private static readonly Gen<string> Values = Gen.OneOf(
        Scalars,
        Scalars,
        Gen.Choose(0, 4).SelectMany(count => Scalars.ArrayOf(count)).Select(items => $"[{string.Join(", ", items)}]"),
        Gen.Zip(Scalars, Scalars).Select(pair => $"{{ {JsonSerializer.Serialize(pair.Item1)}: {pair.Item2} }}"),
        Scalars.Select(inner => $"[[{inner}], {{ a: {inner} }}]"));

    [Fact]
    public void A_generated_template_is_read_or_refused_with_a_line_of_it()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["a", "b", "one", "two"])
            Directory.CreateDirectory(folder.File(name));

        Fuzz.Check(Templates(), text =>
        {
            var loaded = RunTemplateLoader.Load(folder.Write("dapr.yaml", text), folder.Path);
            var lines = text.Count(character => character == '\n') + 1;
            return loaded.Value is null == loaded.Errors.Any() && loaded.Problems.All(problem => problem.Line >= 1 && problem.Line <= lines && problem.Message.Length > 0);
        }, cases: 5000);
    }

    private static Gen<string> Templates() =>
        from count in Gen.Choose(0, 3)
        from apps in Fields(AppKeys).ArrayOf(count)
        from common in Fields(AppKeys)
        from others in Fields(TopKeys)
        from shape in Gen.Choose(0, 9)
        select shape switch
        {
            0 => others,
            1 => $"version: 1\napps: {{ {others.Replace('\n', ' ')} }}",
            _ => $"version: 1\ncommon:{Indented(common, "  ")}\napps:\n{string.Concat(apps.Select(app => $"- appDirPath: a{Indented(app, "  ")}\n"))}",
        };

    private static Gen<string> Fields(string[] keys)
    {
        var field = Gen.Zip(Gen.Elements(keys), Values).Select(pair => $"{JsonSerializer.Serialize(pair.Item1)}: {pair.Item2}");
        return from count in Gen.Choose(0, 9) from lines in field.ArrayOf(count) select string.Join('\n', lines);
    }

    private static string Indented(string lines, string by) =>
        lines.Length == 0 ? "" : string.Concat(lines.Split('\n').Select(line => $"\n{by}{line}"));
}
