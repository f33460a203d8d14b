using System.Globalization;
using BenchmarkDotNet.Running;
using Benchmarks;
using Benchmarks.Load;
using Benchmarks.Micro;

// The program plays every part that is not under test itself: `app` is the app, `load` makes the requests, `forward` is a
// bare forwarder, each in a process of its own; without a part it runs the scenarios and prints the table.
switch (args)
{
    case ["app"]:
        await BenchApp.RunAsync();
        return 0;
    case ["load"]:
        await LoadServer.RunAsync(Console.In, Console.Out);
        return 0;
    case ["forward", var port, var target]:
        await Forwarder.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(target, CultureInfo.InvariantCulture));
        return 0;
    case ["micro", .. var rest]:
        BenchmarkSwitcher.FromTypes([typeof(HotPathBenchmarks)]).Run(rest.Length > 0 ? rest : ["--filter", "*"], new MicroConfig());
        return 0;
}

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("bench: CPU times are read from /proc, so this runs on Linux only");
    return 1;
}

if (!BenchOptions.TryParse(args, out var options, out var problem))
{
    Console.Error.WriteLine(problem);
    return 1;
}

return await new BenchRun(options).RunAsync();
