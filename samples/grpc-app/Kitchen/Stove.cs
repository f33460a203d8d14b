namespace Kitchen;

/// <summary>What the kitchen has done.</summary>
internal sealed class Stove
{
    private int _cooked;

    public int Cooked => Volatile.Read(ref _cooked);

    public Dish Cook(string dish) => new() { Name = dish, CookedSoFar = Interlocked.Increment(ref _cooked) };
}
