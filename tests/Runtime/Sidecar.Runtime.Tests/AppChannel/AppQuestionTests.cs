using System.Net;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.AppChannel;

/// <summary>How long, and how often, the sidecar asks an app what it wants (contract 2.17).</summary>
public sealed class AppQuestionTests
{
    private static readonly Uri Path = new("/dapr/config", UriKind.Relative);

    private readonly FakeClock _clock = new();

    [Fact]
    public async Task An_app_that_takes_the_question_and_never_answers_is_given_up_after_10_s()
    {
        var app = new ScriptedApp(_ => new TaskCompletionSource<HttpResponseMessage>().Task);

        var asked = Question(app).AskAsync(Path, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.False(asked.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await asked.WithinAsync("the end of the question");

        Assert.NotNull(answer.Failure);
    }

    [Fact]
    public async Task An_app_that_refuses_at_first_is_asked_again()
    {
        var app = new ScriptedApp(attempt => attempt < 3
            ? throw new HttpRequestException("refused")
            : Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}") }));

        var asked = Question(app).AskAsync(Path, CancellationToken.None);
        await AdvanceUntilAsync(asked);
        var answer = await asked;

        Assert.Null(answer.Failure);
        Assert.Equal(3, answer.Attempts);
        Assert.Equal("{}"u8, answer.Body);
    }

    [Fact]
    public async Task Four_failures_are_the_end_of_it()
    {
        var app = new ScriptedApp(_ => throw new HttpRequestException("refused"));

        var asked = Question(app).AskAsync(Path, CancellationToken.None);
        await AdvanceUntilAsync(asked);
        var answer = await asked;

        Assert.Equal("refused", answer.Failure?.Message);
        Assert.Equal(4, answer.Attempts);
    }

    private AppQuestion Question(IAppChannel app) => new(app, new SidecarOptions { AppId = "me" }, _clock);

    private Task AdvanceUntilAsync(Task asked) => Eventually.TrueAsync(
        () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(0.25));
            return asked.IsCompleted;
        },
        "the end of the question");

    private sealed class ScriptedApp(Func<int, Task<HttpResponseMessage>> answer) : IAppChannel
    {
        private int _attempts;

        public bool HasApp => true;

        public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(++_attempts).WaitAsync(cancellationToken);
    }
}
