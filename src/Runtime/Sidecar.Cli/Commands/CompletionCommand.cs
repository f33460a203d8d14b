using System.CommandLine;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr completion</c>: what makes a shell complete this command line. The shell asks the program itself.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _dapr() {
          local words
          words=$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
          COMPREPLY=($(compgen -W "$words" -- "$2"))
        }
        complete -o default -F _dapr dapr
        """;

    private const string Zsh = """
        #compdef dapr
        _dapr() { compadd -- ${(f)"$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)"} }
        compdef _dapr dapr
        """;

    private const string Fish = """
        complete -c dapr -f -a '(dapr "[suggest:"(commandline -C)"]" (commandline -b) 2>/dev/null)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName dapr -ScriptBlock {
          param($word, $line, $position)
          dapr "[suggest:$position]" "$line" | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
        }
        """;

    public static Command Create()
    {
        var command = new Command("completion", "Print what makes a shell complete this command: source <(dapr completion bash)");
        foreach (var (shell, script) in new[] { ("bash", Bash), ("zsh", Zsh), ("fish", Fish), ("powershell", PowerShell) })
        {
            var ofShell = new Command(shell, $"For {shell}");
            ofShell.SetAction(_ => Console.Out.WriteLine(script));
            command.Add(ofShell);
        }

        return command;
    }
}
