using System.Globalization;
using Sidecar.Components;
using Sidecar.Components.State;
using TestSupport;

namespace Conformance.State;

// ETags, first-write and deletion.
public abstract partial class StateStoreConformance
{
    [Fact]
    [Contract(6)]
    public async Task The_present_etag_lets_a_save_pass_once()
    {
        await SaveAsync("k", "1");
        var etag = (await GetAsync("k"))!.ETag;

        Assert.Equal(StateResult.Ok, await SaveAsync("k", "2", etag));
        Assert.Equal(StateResult.ETagMismatch, await SaveAsync("k", "3", etag));
        Assert.Equal("2", Text(await GetAsync("k")));
    }

    [Fact]
    public async Task An_etag_for_a_key_that_is_absent_does_not_match_where_the_store_minds()
    {
        await SaveAsync("other", "1");
        var etag = (await GetAsync("other"))!.ETag;

        Assert.Equal(target.ETagOfAbsentKey, await SaveAsync("k", "1", etag));
        Assert.Equal(target.ETagOfAbsentKey == StateResult.Ok ? "1" : null, Text(await GetAsync("k")));
    }

    [Fact]
    public async Task An_etag_of_foreign_form_is_refused()
    {
        await SaveAsync("k", "1");

        Assert.Equal(target.ForeignETag, await SaveAsync("k", "2", "not one of ours"));
        Assert.Equal(target.ForeignETagOfDelete, await DeleteAsync("k", "not one of ours"));
        Assert.Equal("1", Text(await GetAsync("k")));
    }

    [Fact]
    public async Task An_empty_etag_is_no_condition()
    {
        await SaveAsync("k", "1");

        Assert.Equal(StateResult.Ok, await SaveAsync("k", "2", ""));
        Assert.Equal(StateResult.Ok, await DeleteAsync("k", ""));
    }

    [Fact]
    [Contract(8)]
    public async Task First_write_without_etag_takes_only_a_free_key()
    {
        Assert.True(await FirstWriteAsync("k", "1"));
        Assert.False(await FirstWriteAsync("k", "2"));
        Assert.Equal("1", Text(await GetAsync("k")));
    }

    [Fact]
    public async Task First_write_with_the_present_etag_passes()
    {
        await SaveAsync("k", "1");
        var etag = (await GetAsync("k"))!.ETag;

        Assert.Equal(StateResult.Ok, await SaveAsync("k", "2", etag, StateConcurrency.FirstWrite));
    }

    [Fact]
    public async Task Of_many_first_writers_exactly_one_wins()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(number =>
            Task.Run(() => FirstWriteAsync("k", Invariant(number)))));

        var winner = Assert.Single(Enumerable.Range(0, 50), number => results[number]);
        Assert.Equal(Invariant(winner), Text(await GetAsync("k")));
    }

    [Fact]
    public async Task Of_many_writers_with_the_same_etag_exactly_one_wins()
    {
        await SaveAsync("k", "\"start\"");
        var etag = (await GetAsync("k"))!.ETag;

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => Task.Run(() => SaveAsync("k", Invariant(number), etag))));

        var winner = Assert.Single(Enumerable.Range(0, 50), number => results[number] == StateResult.Ok);
        Assert.Equal(Invariant(winner), Text(await GetAsync("k")));
    }

    [Fact]
    public async Task No_increment_is_lost_when_everybody_reads_again_after_a_mismatch()
    {
        await SaveAsync("k", "0");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 10;)
            {
                var item = await GetAsync("k");
                var next = int.Parse(Text(item)!, CultureInfo.InvariantCulture) + 1;
                if (await SaveAsync("k", Invariant(next), item!.ETag) == StateResult.Ok)
                    done++;
            }
        })));

        Assert.Equal("80", Text(await GetAsync("k")));
    }

    [Fact]
    public async Task Deleting_makes_a_key_absent_and_deleting_an_absent_one_is_fine()
    {
        await SaveAsync("k", "1");

        Assert.Equal(StateResult.Ok, await DeleteAsync("k"));
        Assert.Null(await GetAsync("k"));
        Assert.Equal(StateResult.Ok, await DeleteAsync("k"));
    }

    [Fact]
    [Contract(7)]
    public async Task A_delete_with_a_stale_etag_leaves_the_key()
    {
        await SaveAsync("k", "1");
        var stale = (await GetAsync("k"))!.ETag;
        await SaveAsync("k", "2");

        Assert.Equal(StateResult.ETagMismatch, await DeleteAsync("k", stale));
        Assert.Equal("2", Text(await GetAsync("k")));
        Assert.Equal(StateResult.Ok, await DeleteAsync("k", (await GetAsync("k"))!.ETag));
        Assert.Null(await GetAsync("k"));
    }

    [Fact]
    public async Task A_delete_with_an_etag_needs_the_key_where_the_store_minds()
    {
        await SaveAsync("k", "1");
        var etag = (await GetAsync("k"))!.ETag;
        await DeleteAsync("k");

        Assert.Equal(target.DeleteOfAbsentKey, await DeleteAsync("k", etag));
    }

    /// <summary>Whether a first write without ETag got the key.</summary>
    private async Task<bool> FirstWriteAsync(string key, string value)
    {
        try
        {
            var result = await SaveAsync(key, value, concurrency: StateConcurrency.FirstWrite);
            Assert.True(result == StateResult.Ok || (result == StateResult.ETagMismatch && !target.FirstWriteThrows), $"{result}");
            return result == StateResult.Ok;
        }
        catch (ComponentException) when (target.FirstWriteThrows)
        {
            return false;
        }
    }

    private static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);
}
