using FsCheck;
using FsCheck.Fluent;

namespace TestSupport;

/// <summary>What is good, with a few wounds: nearly right reaches further into a parser than anything made at random.</summary>
internal static class Wounds
{
    private enum Kind
    {
        Insert,
        Replace,
        Leave,
        Repeat,
        Cut,
    }

    /// <param name="inserts">What may be put in; the characters of the text itself are good for it too.</param>
    public static Gen<string> Of(Gen<string> whole, params string[] inserts) =>
        Of(whole.Select(text => text.ToCharArray()), Gen.Elements(inserts).Select(text => text.ToCharArray())).Select(characters => new string(characters));

    public static Gen<byte[]> Of(Gen<byte[]> whole, params byte[][] inserts)
    {
        var any = Gen.Choose(0, 255).Select(value => new[] { (byte)value });
        return Of(whole, inserts.Length == 0 ? any : Gen.OneOf(any, Gen.Elements(inserts)));
    }

    /// <summary>One to four of them, anywhere.</summary>
    private static Gen<T[]> Of<T>(Gen<T[]> whole, Gen<T[]> inserts)
    {
        var wound = from kind in Gen.Elements(Kind.Insert, Kind.Insert, Kind.Replace, Kind.Replace, Kind.Leave, Kind.Repeat, Kind.Cut)
                    from at in Gen.Choose(0, 9999)
                    from length in Gen.Frequency((3, Gen.Choose(1, 3)), (1, Gen.Choose(1, 40)))
                    from insert in inserts
                    select (kind, at, length, insert);
        return from first in whole
               from count in Gen.Choose(1, 4)
               from wounds in wound.ArrayOf(count)
               select wounds.Aggregate(first, (text, one) => Inflict(text, one.kind, text.Length * one.at / 10_000, one.length, one.insert));
    }

    private static T[] Inflict<T>(T[] text, Kind kind, int at, int length, T[] insert)
    {
        var end = Math.Min(text.Length, at + length);
        return kind switch
        {
            Kind.Insert => [.. text[..at], .. insert, .. text[at..]],
            Kind.Replace => [.. text[..at], .. insert, .. text[end..]],
            Kind.Leave => [.. text[..at], .. text[end..]],
            Kind.Repeat => [.. text[..end], .. text[at..end], .. text[at..]],
            _ => text[..at],
        };
    }
}
