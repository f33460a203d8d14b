using BenchmarkDotNet.Attributes;

namespace Benchmarks.Micro;

/// <summary>Time and allocated bytes of each hot path.</summary>
public class HotPathBenchmarks
{
}
