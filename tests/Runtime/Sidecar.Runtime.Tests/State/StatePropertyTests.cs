using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

/// <summary>Whatever a stranger sends, the state API answers as the contract says and goes on.</summary>
public sealed class StatePropertyTests
{
    private const int Bodies = 1500;

    private static readonly string[] Routes = ["/v1.0/state/store", "/v1.0/state/store/transaction", "/v1.0/state/store/bulk", "/v1.0/state/outbox/transaction", "/v1.0-alpha1/state/store/query"];

    private static readonly string[] Pieces =
    [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\"key\":", "\"value\":", "\"etag\":", "\"metadata\":", "\"options\":", "\"operations\":", "\"operation\":\"upsert\"", "\"request\":", "\"keys\":",
        "\"parallelism\":", "\"k\"", "\"a||b\"", "\"\\ud800\"", "\"\\u0000\"", "null", "true", "1", "-1", "1e400", "0.1e-7", "99999999999999999999", "\"ttlInSeconds\":\"9999999999\"", " ", "\n", "\u0001", "é", "//",
    ];

    [Fact]
    public async Task Bodies_of_any_tokens_are_answered_with_a_status_of_the_contract() =>
        await AnswersAsync(Gen.Elements(Pieces).ArrayOf().Select(string.Concat), isWellFormed: false);

    [Fact]
    public async Task Bodies_of_the_right_shape_with_anything_in_them_are_answered_with_a_status_of_the_contract() =>
        await AnswersAsync(Body(), isWellFormed: true);

    private static async Task AnswersAsync(Gen<string> bodies, bool isWellFormed)
    {
        await using var api = await StateApi.StartAsync(
            [("store", new MemoryStateStore(), []), ("outbox", new MemoryStateStore(), [("outboxPublishPubsub", "broker"), ("outboxPublishTopic", "order")])]);
        var (answers, successes) = (0, 0);
        await Fuzz.CheckAsync(Gen.Zip(Gen.Elements(Routes), bodies), async input =>
        {
            var reply = await api.PostAsync(input.Item1, input.Item2);
            Assert.True(IsOfTheContract(reply), $"{(int)reply.Status} {reply.Body}");
            Interlocked.Increment(ref answers);
            if ((int)reply.Status < 300)
                Interlocked.Increment(ref successes);
        }, Bodies);

        // Or nothing but refusals would have been looked at.
        Assert.True(!isWellFormed || successes > answers / 20, $"only {successes} of {answers} bodies were taken");
        (await api.SaveAsync("""[{"key":"after","value":1}]""")).AssertNoContent();
    }

    private static bool IsOfTheContract(Reply reply) => (int)reply.Status switch
    {
        200 or 204 => true,
        400 or 409 => reply.ContentType == "application/json" && ((string)reply.Json["errorCode"]!).StartsWith("ERR_", StringComparison.Ordinal),
        500 => (string)reply.Json["errorCode"]! switch
        {
            "ERR_STATE_STORE_NOT_SUPPORTED" => true,

            // Options and times to live that a store cannot take; a transaction refuses also an ETag this way.
            "ERR_STATE_SAVE" or "ERR_STATE_TRANSACTION" => reply.Body.Contains("unrecognized", StringComparison.Ordinal) ||
                reply.Body.Contains("ttlInSeconds", StringComparison.Ordinal) || reply.Body.Contains("etag", StringComparison.Ordinal),
            _ => false,
        },
        _ => false,
    };

    private static Gen<string> Body()
    {
        var item = Item();
        var items = item.ArrayOf().Select(all => $"[{string.Join(',', all)}]");
        var operation = from name in Gen.Elements("upsert", "upsert", "delete", "merge", "") from request in item select $$"""{"operation":"{{name}}","request":{{request}}}""";
        return Gen.OneOf(
            items,
            operation.ArrayOf().Select(all => $$"""{"operations":[{{string.Join(',', all)}}]}"""),
            from keys in Text().ArrayOf() from parallelism in Gen.Elements("-1", "0", "3", "1e9", "null") select $$"""{"keys":[{{string.Join(',', keys)}}],"parallelism":{{parallelism}}}""");
    }

    private static Gen<string> Item() =>
        from key in Text()
        from value in Value(3)
        from extra in Gen.Elements(
            "", ",\"etag\":\"bad\"", ",\"etag\":\"\"", ",\"etag\":null", ",\"options\":{\"concurrency\":\"first-write\"}", ",\"options\":{\"consistency\":\"never\"}",
            ",\"metadata\":{\"ttlInSeconds\":\"3\"}", ",\"metadata\":{\"ttlInSeconds\":\"-99999999999999999999\"}", ",\"metadata\":{\"outbox.projection\":\"true\"}", ",\"contentType\":\"application/json\"")
        select $$"""{"key":{{key}},"value":{{value}}{{extra}}}""";

    private static Gen<string> Value(int depth)
    {
        var leaf = Gen.OneOf(Text(), Gen.Elements("null", "true", "-0", "1e308", "5e-324", "123456789012345678901234567890", "0.1"));
        return depth == 0
            ? leaf
            : Gen.OneOf(
                leaf,
                Value(depth - 1).ArrayOf().Resize(3).Select(all => $"[{string.Join(',', all)}]"),
                from names in Text().ArrayOf(3) from inner in Value(depth - 1) select $"{{{string.Join(',', names.Select(name => $"{name}:{inner}"))}}}");
    }

    // Escaped in JSON's own way, but for what no JSON writer would let through.
    private static Gen<string> Text() =>
        from text in Gen.OneOf(ArbMap.Default.GeneratorFor<string>(), Gen.Elements("k", "a||b", "", "<&>", "\u2028", "😀", "\ud800"))
        select "\"" + string.Concat((text ?? "").Select(character => character is < ' ' or '"' or '\\' ? $"\\u{(int)character:x4}" : character == '\ud800' ? "\\ud800" : character.ToString())) + "\"";
}
