using Sidecar.Cli.Processes;
using Sidecar.Cli.Runs;
using Sidecar.Components;

namespace Sidecar.Cli.Running;

/// <summary>Keeps the record of a run, one copy beside each of its templates, true while its processes come and go.</summary>
internal sealed class RunJournal
{
    private readonly Lock _lock = new();
    private readonly RunFolder _folder;
    private RunRecord _record;

    public RunJournal(RunFolder folder, RunRecord record)
    {
        _folder = folder;
        _record = record;
        Write();
    }

    public void AppStarted(string appId, ProcessIdentity process) => Update(appId, app => app with { App = process });

    public void SidecarStarted(string appId, ProcessIdentity process) => Update(appId, app => app with { Daprd = process });

    /// <summary>Somebody stopped the sidecar, and it is not started again.</summary>
    public void SidecarStopped(string appId) => Update(appId, app => app with { Stopped = true });

    /// <summary>Nothing of the run is left, except that of a template it is remembered where its logs are.</summary>
    public void Close()
    {
        lock (_lock)
        {
            foreach (var folder in _folder.All)
            {
                if (folder.IsSingleApp)
                    File.Delete(folder.RecordFile);
                else
                    File.Move(folder.RecordFile, folder.LastRecordFile, overwrite: true);
            }
        }
    }

    private void Update(string appId, Func<AppRecord, AppRecord> change)
    {
        lock (_lock)
        {
            _record = _record with { Apps = [.. _record.Apps.Select(app => app.AppId == appId ? change(app) : app)] };
            Write();
        }
    }

    private void Write()
    {
        foreach (var folder in _folder.All)
            _record.Write(folder.RecordFile);
    }
}
