using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Resources.Yaml;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class YamlReaderTests
{
    private static YamlDocument Only(string text) => Assert.Single(YamlReader.ReadText("f.yaml", text));

    [Fact]
    public void Deep_nests_are_refused_before_they_overflow_the_stack()
    {
        Assert.Equal("nested more than 100 levels deep", Only(new string('[', 50_000)).Error);
        Assert.Null(Only(new string('[', 100) + new string(']', 100)).Error);
    }

    [Theory]
    [InlineData("- ")]
    [InlineData("{a: ")]
    [InlineData("[{a: ")]
    [InlineData("? ")]
    [InlineData("- ? ")]
    [InlineData("&a [")]
    public void Ten_thousand_levels_of_any_sort_are_refused(string level) => Assert.NotNull(Only(string.Concat(Enumerable.Repeat(level, 10_000))).Error);

    [Fact]
    public void Aliases_that_multiply_are_refused()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 12; level++)
            text.Append(null, $"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]\n");

        var document = Only(text.ToString());

        Assert.Equal("more than 100,000 values, counting each use of an alias", document.Error);
        Assert.Equal(5, document.Line);
    }

    [Fact]
    public void An_alias_to_itself_is_refused() => Assert.Equal("alias '*a' refers to no anchor before it", Only("a: &a [*a]").Error);

    [Fact]
    public void Aliases_and_merges_are_followed()
    {
        var root = (YamlMap)Only("base: &b { x: 1, y: 2 }\none: *b\ntwo:\n  <<: *b\n  y: 3").Root!;

        Assert.Equal("""{"base":{"x":1,"y":2},"one":{"x":1,"y":2},"two":{"x":1,"y":3}}""", YamlText.Of(root));
    }

    [Fact]
    public void A_file_that_is_too_large_or_no_text_is_refused()
    {
        using var folder = new TempFolder();
        var large = folder.Write("large.yaml", new string('#', YamlReader.MaxFileLength + 1));
        var binary = folder.File("binary.yaml");
        File.WriteAllBytes(binary, [0x61, 0xff, 0xfe, 0x62]);

        Assert.Equal("longer than 1,000,000 characters", Assert.Single(YamlReader.ReadFile(large)).Error);
        Assert.Equal("not UTF-8 text", Assert.Single(YamlReader.ReadFile(binary)).Error);
    }

    [Theory]
    [InlineData("a: 1\n---\n\nb: 2\n", "1 4")]
    [InlineData("", "")]
    [InlineData("# only a comment\n---\n---\n", "")]
    [InlineData("%YAML 1.1\n---\na: 1", "3")]
    [InlineData("--- {ignored: 1}\na: 1", "2")]
    [InlineData("\ufeffa: 1\r\n---\r\nb: 1\r\n", "1 3")]
    public void Documents_are_split_at_their_separators(string text, string lines)
    {
        using var folder = new TempFolder();
        var documents = YamlReader.ReadFile(folder.Write("a.yaml", text));

        Assert.All(documents, document => Assert.Null(document.Error));
        Assert.Equal(lines, string.Join(' ', documents.Select(document => document.Line)));
    }

    [Theory]
    [InlineData("a: 1\n? [x]\n: 2", 2, "expected a text as key, found a list or a map")]
    [InlineData("a: 1\n...\nb: 2", 3, "found a second document; begin it with a line '---'")]
    [InlineData("- : ", 1, "expected a value")]
    [InlineData("a:\n  <<: 5", 2, "expected a map to merge with '<<', found the number 5")]
    public void What_cannot_be_a_document_is_told_with_its_line(string text, int line, string error)
    {
        var document = Only(text);

        Assert.Equal((line, error), (document.Line, document.Error));
    }

    [Theory]
    [InlineData("nam", "name")]
    [InlineData("naem", "name")]
    [InlineData("NAMES", "name")]
    [InlineData("spce", "spec")]
    [InlineData("nothing", null)]
    [InlineData("xy", null)]
    public void Misspelt_names_find_their_neighbour(string written, string? meant) =>
        Assert.Equal(meant, Spelling.Nearest(written, ["name", "spec", "ab", "kind"]));

    [Fact]
    public void No_text_makes_the_reader_or_the_loaders_throw()
    {
        string[] pieces =
        [
            "a", ": ", "\n", "  ", "- ", "---\n", "...", "[", "]", "{", "}", ",", "'", "\"", "\\x", "\\ud8", "&a ", "*a ", "<<: ", "!!str ", "!t ", "!<", "%YAML 1.2\n", "%TAG ! x", "|", ">", "|9\n",
            "? ", "#", "\t", "\r", "\0", "\u2028", "\ufeff", "\ud800", "~", "0x", "1e9", "apiVersion: dapr.io/v1alpha1\n", "kind: Component\n", "metadata: ", "spec:\n", "version: 1\n", "apps:\n- ", "name: ", "@", "`",
        ];
        using var folder = new TempFolder();
        var texts = Gen.Elements(pieces).ArrayOf().Select(string.Concat);

        Fuzz.Check(texts, text => YamlReader.ReadText("f", text).All(document => document.Error is null == document.Root is not null));
        Fuzz.Check(LoaderAnd(texts), input => IsAnswered(folder, input.Loader, input.Text.Replace('\ud800', 'x')), cases: 3000);
    }

    [Theory]
    [InlineData("  \r---\n#")]
    [InlineData("  \u2028---\n#")]
    [InlineData("...apps:\n- \tname:  : ")]
    public void What_is_missing_at_the_end_is_told_at_a_line_that_the_file_has(string text)
    {
        using var folder = new TempFolder();
        var file = folder.Write("r/dapr.yaml", text);

        Assert.True(IsAnswered(ResourceLoader.Load(new ResourceLoadOptions("a", null, [folder.File("r")], [file], new Dictionary<string, string>(), Strict: true)), file));
        Assert.True(IsAnswered(RunTemplateLoader.Load(file, folder.Path), file));
    }

    /// <summary>Documents that are nearly right reach further into the loaders than random text.</summary>
    [Fact]
    public void No_damage_to_a_good_document_makes_the_loaders_throw()
    {
        const string Good = """
            version: 1
            common: { resourcesPaths: [.], logLevel: info, env: { A: b } }
            apps:
            - { appDirPath: ., appID: a, appPort: 5001, command: [x], maxBodySize: 4Mi }
            componentSets: { folder: ., default: sub }
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: a, namespace: b }
            auth: { secretStore: vault }
            scopes: [a]
            spec:
              type: state.redis
              initTimeout: 5s
              policies: { timeouts: { a: 1s }, retries: { b: { policy: constant, maxRetries: 3, matching: { httpStatusCodes: '500' } } }, circuitBreakers: { c: { trip: requests > 1 } } }
              targets: { apps: { a: { timeout: a, retry: b } }, actors: { b: { circuitBreaker: c, circuitBreakerScope: id } }, components: { s: { inbound: { retry: b } } } }
              secrets: { scopes: [{ storeName: a, defaultAccess: deny, allowedSecrets: [x] }] }
              metadata:
              - { name: a, value: { b: [1, ~, 1e9] } }
              - { name: c, secretKeyRef: { name: d } }
            """;
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("sub"));
        var good = Gen.Elements("Component", "Subscription", "Configuration", "Resiliency").Select(kind => Good.Replace("Component", kind, StringComparison.Ordinal));
        var damage = Wounds.Of(good, "", "[", "]", "{", ": ", "- ", "'", "~", "\0", "&a ", "*a", "\n", "  ", "99999999999", "x", "<<: ", "!!binary ", "|\n", "\u2028", "1e999", "{podName}", "%");

        Fuzz.Check(LoaderAnd(damage), input => IsAnswered(folder, input.Loader, input.Text));
    }

    [Fact]
    public void A_map_of_many_thousand_keys_is_read_in_no_time()
    {
        var keys = string.Concat(Enumerable.Range(0, 45_000).Select(number => $"    k{number}: {number}\n"));
        using var files = new ResourceFiles().Add("a.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: a }}\nspec:\n  type: state.x\n  metadata:\n  - name: big\n    value:\n{keys.Replace("    ", "      ")}");

        var began = Stopwatch.GetTimestamp();
        Assert.Single(files.LoadWell().Components);

        // Looking up each key among all takes minutes.
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData("a: \"\\ud800\"")]
    [InlineData("\"\\udc00\": a")]
    public void An_escape_for_half_a_character_is_refused(string text) => Assert.NotNull(Only(text).Error);

    private static Gen<(Loader Loader, string Text)> LoaderAnd(Gen<string> texts) => Gen.Zip(Gen.Elements(Enum.GetValues<Loader>()), texts);

    private static bool IsAnswered(TempFolder folder, Loader loader, string text)
    {
        var file = folder.Write("r/dapr.yaml", text);
        return loader switch
        {
            Loader.Resources => IsAnswered(ResourceLoader.Load(new ResourceLoadOptions("a", null, [folder.File("r")], [], new Dictionary<string, string>(), Strict: true)), file),
            Loader.Configuration => IsAnswered(ResourceLoader.Load(new ResourceLoadOptions("a", null, [], [file], new Dictionary<string, string>(), Strict: false)), file),
            _ => IsAnswered(RunTemplateLoader.Load(file, folder.Path), file),
        };
    }

    /// <summary>A result or errors, and every problem names its file and a line that the file has.</summary>
    private static bool IsAnswered<T>(Loaded<T> loaded, string file)
        where T : class
    {
        var lines = File.ReadAllText(file).Count(character => character is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029') + 1;
        return loaded.Value is null == loaded.Errors.Any() &&
            loaded.Problems.All(problem => problem.File.Length > 0 && problem.Message.Length > 0 && problem.Line >= 0 && (problem.File != file || problem.Line <= lines));
    }

    private enum Loader
    {
        Resources,
        Configuration,
        Template,
    }
}
