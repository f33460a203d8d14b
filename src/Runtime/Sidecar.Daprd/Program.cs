using System.Runtime.InteropServices;
using Sidecar.Daprd;
using Sidecar.Runtime.Hosting;

const int ExitFailed = 1;

SocketScheduling.PreferInline();

Flags flags;
SidecarOptions options;
using var log = new LogOutput();
try
{
    flags = Flags.Parse(args);
    if (flags.Boolean("version"))
    {
        Console.WriteLine(RuntimeVersion.Dapr);
        return 0;
    }

    if (flags.Boolean("help") || flags.Boolean("h"))
    {
        Console.WriteLine(FlagTable.Usage);
        return 0;
    }

    if (flags.Boolean("build-info"))
    {
        Console.WriteLine($"Version: {RuntimeVersion.Dapr}\nRuntime: {RuntimeVersion.Own} (.NET {Environment.Version})");
        return 0;
    }

    if (flags.Boolean("wait"))
    {
        var port = flags.Port("dapr-http-port", 3500);
        if (await WaitForSidecar.IsReadyAsync(port, TimeProvider.System))
            return 0;
        Console.Error.WriteLine($"no sidecar was ready on port {port} within a minute");
        return ExitFailed;
    }

    if (flags.Text("mode") is { } mode && mode != "standalone")
        throw new FlagException($"--mode is '{mode}'; this runtime runs standalone only, a cluster runs Dapr's own operator");
    log.Open(flags.Text("log-file"));
    options = OptionsFromFlags.Read(flags, log.WriteLine);
}
catch (FlagException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    Console.Error.WriteLine(FlagTable.Usage);
    return ExitFailed;
}

var withoutEffect = flags.Given.Where(FlagTable.NoEffect.Contains).Select(name => $"--{name}").ToArray();
if (withoutEffect.Length > 0)
    log.WriteLine($"these flags have no effect yet: {string.Join(", ", withoutEffect)}");

await using var group = new SidecarGroup();
using var asked = new CancellationTokenSource();
var sidecar = new RestartingSidecar(group, options, log.WriteLine);
using var hangUp = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, Restart);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    return await sidecar.RunAsync(asked.Token);
}
catch (SidecarStartException failure)
{
    if (!failure.IsLogged)
        log.WriteLine($"Fatal error from runtime: {failure.Message}");
    return ExitFailed;
}
catch (OperationCanceledException) when (asked.IsCancellationRequested)
{
    return 0;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    asked.Cancel();
}

void Restart(PosixSignalContext context)
{
    context.Cancel = true;
    sidecar.AskForRestart();
}
