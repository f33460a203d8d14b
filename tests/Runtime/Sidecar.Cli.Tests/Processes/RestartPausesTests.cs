using Sidecar.Cli.Processes;

namespace Sidecar.Cli.Tests.Processes;

public sealed class RestartPausesTests
{
    [Fact]
    public void Pauses_double_up_to_the_longest_and_begin_anew_after_a_process_that_lived()
    {
        var pauses = new RestartPauses(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        double[] quick = [.. Enumerable.Range(0, 7).Select(_ => pauses.Next(TimeSpan.FromSeconds(29)).TotalSeconds)];
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], quick);
        Assert.Equal(7, pauses.Attempt);

        Assert.Equal(TimeSpan.FromSeconds(1), pauses.Next(TimeSpan.FromSeconds(31)));
        Assert.Equal((1, TimeSpan.FromSeconds(2)), (pauses.Attempt, pauses.Next(TimeSpan.Zero)));
    }
}
