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
        Gen.Elements("", " ", "a\0b", "~x", "//", "\ud800", "a\nb", "\u0085", "/", "C:\\x", new string('x', 5000), "one,,", "é", "a.b").Select(text => JsonSerializer.Serialize(text)));

    private static readonly Gen<string> Values = Gen.OneOf(
        Scalars,
        Scalars,
        Scalars.ArrayOf().Select(items => $"[{string.Join(", ", items.Take(4))}]"),
        Gen.Zip(Scalars, Scalars).Select(pair => $"{{ {JsonSerializer.Serialize(pair.Item1)}: {pair.Item2} }}"),
        Scalars.Select(inner => $"[[{inner}], {{ a: {inner} }}]"));

    [Fact]
    public void A_generated_template_is_read_or_refused_with_a_line_of_it()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["a", "b", "one", "two"])
            Directory.CreateDirectory(folder.File(name));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(800).WithQuietOnSuccess(true), Prop.ForAll(Templates().ToArbitrary(), text =>
        {
            var loaded = RunTemplateLoader.Load(folder.Write("dapr.yaml", text), folder.Path);
            var lines = text.Count(character => character == '\n') + 1;
            return loaded.Value is null == loaded.Errors.Any() && loaded.Problems.All(problem => problem.Line >= 1 && problem.Line <= lines && problem.Message.Length > 0);
        }));
    }

    private static Gen<string> Templates() =>
        from apps in Fields(AppKeys).ArrayOf()
        from common in Fields(AppKeys)
        from others in Fields(TopKeys)
        from shape in Gen.Choose(0, 9)
        select shape switch
        {
            0 => others,
            1 => $"version: 1\napps: {{ {others.Replace('\n', ' ')} }}",
            _ => $"version: 1\ncommon:{Indented(common, "  ")}\napps:\n{string.Concat(apps.Take(5).Select(app => $"- appDirPath: a{Indented(app, "  ")}\n"))}",
        };

    private static Gen<string> Fields(string[] keys) => Gen.Zip(Gen.Elements(keys), Values)
        .Select(pair => $"{JsonSerializer.Serialize(pair.Item1)}: {pair.Item2}").ArrayOf().Select(lines => string.Join('\n', lines.Take(12)));

    private static string Indented(string lines, string by) =>
        lines.Length == 0 ? "" : string.Concat(lines.Split('\n').Select(line => $"\n{by}{line}"));
}
