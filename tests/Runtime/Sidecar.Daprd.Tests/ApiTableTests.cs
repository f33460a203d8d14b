using System.Net;
using System.Text.RegularExpressions;
using Sidecar.Grpc;
using Sidecar.Protos;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>The README's table of the API says the truth: each call in it is made to a real sidecar.</summary>
public sealed partial class ApiTableTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_method_of_the_service_is_in_the_table_once()
    {
        var methods = DaprReflection.Descriptor.Services.SelectMany(service => service.Methods).Select(method => method.Name);
        Assert.Equal(methods.Order(StringComparer.Ordinal), Rows().SelectMany(row => row.Methods).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_method_is_implemented_if_the_table_says_so()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "table");
        using var channel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{daprd.GrpcPort}"));

        var wrong = new List<string>();
        foreach (var row in Rows())
        {
            foreach (var method in row.Methods.Except(["Shutdown"]))
            {
                // An empty message and the end of the stream: refused by what is there, for one reason or another.
                var call = channel.OpenDuplex(GrpcMethod.Raw("dapr.proto.runtime.v1.Dapr", method, GrpcMethodKind.Duplex));
                await using var owned = call;
                await call.WriteAsync(ReadOnlyMemory<byte>.Empty);
                await call.CompleteAsync();
                while (await call.ReadAsync())
                {
                    // What it answers does not count here.
                }

                if ((call.Status!.Code == StatusCode.Unimplemented) == row.IsHere)
                    wrong.Add($"{method}: {call.Status}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task A_route_is_there_if_the_table_says_so()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "table");

        var wrong = new List<string>();
        foreach (var row in Rows().Where(row => row.Block != "service invocation"))
        {
            foreach (var (verb, path) in row.Routes.Where(route => !route.Path.EndsWith("/shutdown", StringComparison.Ordinal)))
            {
                using var request = new HttpRequestMessage(HttpMethod.Parse(verb), Placeholder().Replace(path, "x"));
                using var response = await daprd.Client.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();

                // An unknown path or verb is an invocation without a target (contract 2.0).
                var isUnknown = response.StatusCode == HttpStatusCode.NotFound && text.Contains("ERR_DIRECT_INVOKE", StringComparison.Ordinal);
                if (isUnknown == row.IsHere)
                    wrong.Add($"{verb} {path}: {(int)response.StatusCode} {text}");
            }
        }

        Assert.Empty(wrong);
    }

    // | block | HTTP | gRPC | state |
    private static List<Row> Rows()
    {
        var lines = File.ReadAllLines(RepositoryRoot.Combine("README.md")).SkipWhile(line => !line.StartsWith("| block | HTTP | gRPC | state |", StringComparison.Ordinal)).Skip(2);
        return [.. lines.TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')).Select(cells => new Row(cells[1].Trim(), [.. Routes(cells[2])], [.. Methods(cells[3])], cells[4].Trim() != "not yet"))];
    }

    // Verbs in code marks come before the path that they are for.
    private static IEnumerable<(string Verb, string Path)> Routes(string cell)
    {
        var verbs = new List<string>();
        var isPathLast = false;
        foreach (var word in Code().Matches(cell).Select(match => match.Groups[1].Value))
        {
            if (Verb().IsMatch(word))
            {
                if (isPathLast)
                    verbs.Clear();
                verbs.Add(word);
                isPathLast = false;
            }
            else if (word.StartsWith("/v", StringComparison.Ordinal) && word.Count(letter => letter == '/') > 1)
            {
                isPathLast = true;
                foreach (var verb in verbs)
                    yield return (verb, word);
            }
        }
    }

    private static IEnumerable<string> Methods(string cell) =>
        Code().Matches(cell).Select(match => match.Groups[1].Value).Where(word => char.IsAsciiLetterUpper(word[0]));

    private sealed record Row(string Block, IReadOnlyList<(string Verb, string Path)> Routes, IReadOnlyList<string> Methods, bool IsHere);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("^[A-Z]+$")]
    private static partial Regex Verb();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Placeholder();
}
