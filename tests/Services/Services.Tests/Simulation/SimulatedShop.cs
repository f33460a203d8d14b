using Dapr;
using Microsoft.Extensions.Logging.Abstractions;
using Services.Tests.Fakes;
using Shop.Inventory;
using Shop.ServiceDefaults;
using TestSupport;

namespace Services.Tests.Simulation;

/// <summary>
/// The shop with two instances of every service, on one thread. Every call to the sidecar or the payment provider waits, before and
/// after its effect, until the simulation lets it go on; in between, a seed decides what happens next: another call goes on or fails,
/// an event is delivered, delivered twice or delivered again although it was acknowledged, a client submits, time passes, much
/// of it at once when the machine was suspended, or a process is killed with all that it was doing.
/// </summary>
internal sealed class SimulatedShop
{
    private const int InstancesPerApp = 2;
    private const int MostAtOnce = 12;

    /// <summary>The machine was suspended, or a process stopped: everything under way is that much older when it goes on.</summary>
    private static readonly TimeSpan Suspension = TimeSpan.FromMinutes(3);

    private static readonly string[] Apps = ["orders", "inventory", "payments", "notifications"];

    private readonly Random _random;
    private readonly Pump _pump = new();
    private readonly List<ShopProcess> _processes = [];
    private readonly List<Parked> _parked = [];
    private readonly List<Delivery> _deliveries = [];
    private readonly List<Activity> _running = [];
    private readonly List<Client> _clients;
    private int _kills;
    private int _failures;

    public SimulatedShop(int seed, int orders, int kills, int failures)
    {
        _random = new Random(seed);
        (_kills, _failures) = (kills, failures);
        Store = new FakeStore((Backend)(seed % 3));
        Bus.OnPublish += Enqueue;
        _clients = [.. Enumerable.Range(0, orders).Select(index => Client.Random(index, _random))];

        var catalog = new Catalog(new FakeDapr(Store, Bus, "inventory"), Clock, NullLogger<Catalog>.Instance);
        catalog.SeedAsync(CancellationToken.None).GetAwaiter().GetResult();
        foreach (var app in Apps)
        {
            for (var instance = 0; instance < InstancesPerApp; instance++)
                _processes.Add(new ShopProcess(app, this));
        }
    }

    public FakeStore Store { get; }

    public FakeBus Bus { get; } = new();

    public FakeClock Clock { get; } = new();

    public RecordingProvider Provider { get; } = new();

    public IReadOnlyList<Client> Clients => _clients;

    /// <summary>Seen by every instance of this service.</summary>
    public FakeDapr Look(string app) => new(Store, Bus, app);

    /// <summary>Called by a process around each effect; returns when the simulation says so.</summary>
    public Task ParkAsync(ShopProcess process, bool afterEffect)
    {
        var parked = new Parked(process, afterEffect, new TaskCompletionSource());
        _parked.Add(parked);
        return parked.Gate.Task;
    }

    /// <summary>Runs until every client is done and every event acknowledged.</summary>
    public void Run(Action check)
    {
        _pump.Install(() =>
        {
            for (var step = 0; Step(); step++)
            {
                _pump.RunUntilIdle();
                Settle();
                check();
                Assert.True(step < 400_000, "The shop does not come to rest.");
            }
        });
    }

    private bool Step()
    {
        var waiting = _deliveries.Where(delivery => delivery is { IsDone: false, InFlight: 0 }).ToList();
        var unsent = _clients.Where(client => client is { IsDone: false, InFlight: 0 }).ToList();
        if (_parked.Count == 0 && waiting.Count == 0 && unsent.Count == 0)
        {
            // All that is left, if anything, waits for a provider that is silent.
            Clock.Advance(TimeSpan.FromSeconds(5));
            return _running.Count > 0;
        }

        var choice = _random.Next(1000);
        if (choice < 8 && _kills > 0)
            Kill(Any(_processes));
        else if (choice < 12)
            Clock.Advance(_random.Next(8) == 0 ? Suspension : TimeSpan.FromSeconds(_random.Next(1, 10)));
        else if (choice < 40 && _deliveries.Count > 0)
            Deliver(Any(_deliveries));
        else if (choice < 60 && _clients.Where(client => client.InFlight > 0 && client.Key is not null).ToList() is { Count: > 0 } twins)
            Submit(Any(twins));
        else if (choice < 200 && unsent.Count > 0)
            Submit(Any(unsent));
        else if (choice < 400 && waiting.Count > 0 && _running.Count < MostAtOnce)
            Deliver(Any(waiting));
        else if (_parked.Count > 0)
            Release(Any(_parked));
        return true;
    }

    private void Deliver(Delivery delivery)
    {
        var process = Any([.. _processes.Where(process => process.App == delivery.App)]);

        // A handler that was stopped for long may go on before the timer of its deadline fires: some never hear of it here.
        var deadline = _random.Next(4) == 0 ? null : new CancellationTokenSource(EventEndpoints.HandlerDeadline, Clock);
        delivery.InFlight++;
        _running.Add(new Activity(process, process.HandleAsync(delivery.Event, deadline?.Token ?? CancellationToken.None), delivery, null, deadline));
    }

    private void Submit(Client client)
    {
        var process = Any([.. _processes.Where(process => process.App == "orders")]);
        client.InFlight++;
        _running.Add(new Activity(process, process.SubmitAsync(client.Body, client.Key), null, client, null));
    }

    private void Release(Parked parked)
    {
        _parked.Remove(parked);
        if (_failures > 0 && _random.Next(100) == 0)
        {
            // Before the effect: the sidecar is not reached. After it: the answer is lost.
            _failures--;
            parked.Gate.SetException(new DaprException(parked.AfterEffect ? "The answer was lost." : "The sidecar was not reached."));
        }
        else
        {
            parked.Gate.SetResult();
        }
    }

    private void Kill(ShopProcess process)
    {
        _kills--;
        _parked.RemoveAll(parked => parked.Process == process);
        foreach (var activity in _running.Where(activity => activity.Process == process).ToList())
        {
            _running.Remove(activity);
            if (activity.Delivery is { } delivery)
                delivery.InFlight--;
            if (activity.Client is { } client)
                client.Lost();
        }

        _processes.Remove(process);
        _processes.Add(new ShopProcess(process.App, this));
    }

    private void Settle()
    {
        foreach (var activity in _running.Where(activity => activity.Task.IsCompleted).ToList())
        {
            _running.Remove(activity);
            activity.Deadline?.Dispose();
            if (activity.Delivery is { } delivery)
            {
                delivery.InFlight--;
                delivery.IsDone |= IsAcknowledged((Task<EventStatus>)activity.Task);
            }
            else
            {
                activity.Client!.Answered(((Task<string?>)activity.Task).GetAwaiter().GetResult());
            }
        }
    }

    private static bool IsAcknowledged(Task<EventStatus> handled)
    {
        try
        {
            return handled.GetAwaiter().GetResult() != EventStatus.Retry;
        }
        catch (Exception failure) when (failure is DaprException or OperationCanceledException)
        {
            // As the event endpoint: it is to come again.
            return false;
        }
    }

    private void Enqueue(Published published)
    {
        foreach (var app in _processes.Where(process => process.Hears(published.Type)).Select(process => process.App).Distinct())
            _deliveries.Add(new Delivery(app, published));
    }

    private T Any<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    private sealed record Parked(ShopProcess Process, bool AfterEffect, TaskCompletionSource Gate);

    private sealed record Activity(ShopProcess Process, Task Task, Delivery? Delivery, Client? Client, CancellationTokenSource? Deadline);

    private sealed class Delivery(string app, Published published)
    {
        public string App => app;

        public Published Event => published;

        public int InFlight { get; set; }

        public bool IsDone { get; set; }
    }
}
