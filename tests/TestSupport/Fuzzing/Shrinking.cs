namespace TestSupport;

/// <summary>Smaller cases: texts and bytes with a part of them left out, the large parts first.</summary>
internal static class Shrinking
{
    private const int LongestByOne = 200;

    public static Func<T, IEnumerable<T>> Of<T>()
    {
        if (typeof(T) == typeof(string))
            return input => Parts(((string)(object)input!).ToCharArray()).Select(part => (T)(object)new string(part));
        if (typeof(T) == typeof(byte[]))
            return input => (IEnumerable<T>)Parts((byte[])(object)input!);
        return _ => [];
    }

    public static IEnumerable<TItem[]> Parts<TItem>(TItem[] whole)
    {
        for (var length = whole.Length; length > 0; length /= 2)
        {
            for (var at = 0; at + length <= whole.Length && at / length < LongestByOne; at += length)
                yield return [.. whole[..at], .. whole[(at + length)..]];
        }
    }
}
