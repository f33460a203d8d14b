using System.CommandLine;
using System.Text;

namespace Sidecar.Cli.Calls;

/// <summary>The body of a call: given on the command line or by a file.</summary>
internal sealed class Payload
{
    private readonly Option<string?> _data = new("--data", "-d") { Description = "Data to send: JSON", HelpName = "TEXT" };
    private readonly Option<string?> _file = new("--data-file", "-f") { Description = "File with the data to send", HelpName = "FILE" };

    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_file);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_data) is not null && result.GetResult(_file) is not null)
                result.AddError("--data and --data-file exclude each other; give one of them");
        });
    }

    /// <exception cref="IOException">The file cannot be read.</exception>
    public byte[] Read(ParseResult parsed) => parsed.GetValue(_file) is { } file
        ? File.ReadAllBytes(file)
        : Encoding.UTF8.GetBytes(parsed.GetValue(_data) ?? "");
}
