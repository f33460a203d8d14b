using Sidecar.Components;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Faults;

/// <summary>
/// Reads a faults file (<c>--faults</c>). Its API group is ours, so that real Dapr never takes it for one of its own:
/// <code>
/// apiVersion: faults.sidecar/v1alpha1
/// kind: Configuration
/// metadata: { name: storm }
/// spec:
///   seed: 7
///   calls:      [ { app: payments, share: 0.1, status: 503 }, { app: "*", path: /orders, share: 0.05, delay: 200ms } ]
///   messages:   [ { topic: "*", share: 0.1, do: duplicate }, { topic: orders, share: 0.02, do: fail } ]
///   components: [ { name: statestore, operation: set, share: 0.01, do: loseAnswer } ]
/// </code>
/// </summary>
internal static class FaultsFile
{
    public const string ApiVersion = "faults.sidecar/v1alpha1";

    private const string Fail = "fail";
    private const string LoseAnswer = "loseAnswer";
    private const string Duplicate = "duplicate";

    /// <param name="problems">Why there is none, each with file and line.</param>
    public static FaultSettings? Read(string file, out IReadOnlyList<ResourceProblem> problems)
    {
        var found = new DocumentProblems(file, strict: true, anyCase: false);
        FaultSettings? settings = null;
        var document = File.Exists(file) ? YamlReader.ReadFile(file).FirstOrDefault() : null;
        if (document?.Root is YamlMap map)
            settings = Read(new YamlFields(map, "", found));
        else
            found.Error(document?.Line ?? 0, "", document?.Error ?? "expected a faults file");
        problems = [.. found.All.Where(problem => !problem.IsWarning)];
        return problems.Count == 0 ? settings : null;
    }

    private static FaultSettings Read(YamlFields fields)
    {
        if (fields.Text("apiVersion") != ApiVersion || fields.Text("kind") != "Configuration")
            fields.Problems.Error(fields.Line, "apiVersion", $"expected apiVersion {ApiVersion} and kind Configuration");
        fields.Allow("metadata");
        var spec = fields.Object("spec");
        var settings = spec is null ? new FaultSettings(0, [], [], []) : new FaultSettings(
            spec.Integer("seed", int.MinValue, int.MaxValue),
            Rules(spec, "calls", "app", "path"),
            Rules(spec, "messages", "topic", null),
            Rules(spec, "components", "name", "operation"));
        spec?.RefuseUnknown();
        fields.RefuseUnknown();
        return settings;
    }

    private static List<FaultRule> Rules(YamlFields spec, string list, string name, string? part)
    {
        var rules = new List<FaultRule>();
        foreach (var item in spec.Objects(list))
        {
            var done = item.Choice("do", Fail, LoseAnswer, Duplicate);
            var rule = new FaultRule(item.RequiredText(name), Share(item))
            {
                Part = part is null ? null : item.Text(part) is { Length: > 0 } given ? given : null,
                Delay = Delay(item),
                Status = list == "calls" && item.Integer("status", 0, 599) is > 0 and var status ? status : null,
                Fails = done == Fail,
                LosesAnswer = done == LoseAnswer,
                Duplicates = done == Duplicate,
            };
            if (rule is { Delay.Ticks: 0, Status: null, Fails: false, LosesAnswer: false, Duplicates: false })
                item.Problems.Error(item.Line, item.PathOf("do"), "expected what goes wrong: do (fail, loseAnswer, duplicate), delay, or for calls status");
            rules.Add(rule);
            item.RefuseUnknown();
        }

        return rules;
    }

    private static double Share(YamlFields item)
    {
        if (double.TryParse(item.Text("share"), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1)
            return share;
        item.Problems.Error(item.LineOf("share"), item.PathOf("share"), "expected a share from 0 to 1, such as 0.1");
        return 0;
    }

    private static TimeSpan Delay(YamlFields item)
    {
        if (item.Text("delay") is not { Length: > 0 } text)
            return TimeSpan.Zero;
        if (GoText.TryParseDuration(text, out var delay) && delay >= TimeSpan.Zero)
            return delay;
        item.Problems.Error(item.LineOf("delay"), item.PathOf("delay"), $"expected a duration such as 200ms, found '{text}'");
        return TimeSpan.Zero;
    }
}
