using System.CommandLine;
using System.CommandLine.Parsing;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Cli;

/// <summary>What is wrong with the words of a command line, each named, with what it may have been meant to be.</summary>
internal static class WrongWords
{
    public static IReadOnlyList<string> In(ParseResult parsed)
    {
        // Help and its kin are given to whoever asks, whatever else is missing.
        if (parsed.Action?.ClearsParseErrors == true)
            return [];
        var command = parsed.CommandResult.Command;
        string[] unknown =
        [
            .. parsed.UnmatchedTokens.Where(_ => command.TreatUnmatchedTokensAsErrors).Select(word => Unknown(word, command)),
            .. UnknownFlagsAmongArguments(parsed).Select(word => Unknown(word, command)),
        ];

        // An unknown command is missing one too; once is enough.
        return unknown.Length > 0 ? unknown : [.. parsed.Errors.Select(error => error.Message)];
    }

    /// <summary>A command that takes any words takes unknown flags for words too; only what follows <c>--</c> is surely meant so.</summary>
    private static IEnumerable<string> UnknownFlagsAmongArguments(ParseResult parsed)
    {
        var arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).ToArray();
        var afterDashes = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        return arguments.Take(arguments.Length - afterDashes).Select(token => token.Value).Where(word => word.Length > 1 && word[0] == '-');
    }

    private static string Unknown(string word, Command command)
    {
        if (!word.StartsWith('-'))
            return $"unknown command or argument '{word}'{Spelling.Hint(word, command.Subcommands.Select(known => known.Name))}";
        var name = word.Split('=')[0];
        var flags = command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name)).Where(flag => flag.StartsWith("--", StringComparison.Ordinal));
        return $"unknown flag '{name}'{Spelling.Hint(name, flags)}";
    }
}
