using System.Reflection;
using System.Runtime.CompilerServices;

namespace Sdk.Tests.Signatures;

/// <summary>What our public types show that the official SDK does not have in exactly that form.</summary>
internal static class SignatureComparison
{
    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    public static IEnumerable<string> Differences(IEnumerable<Type> types, IReadOnlyDictionary<string, OfficialType> official) =>
        types.SelectMany(type => Differences(type, official));

    private static IEnumerable<string> Differences(Type type, IReadOnlyDictionary<string, OfficialType> official)
    {
        var name = $"{type.Namespace}.{CSharpWriter.Type(type)}";
        if (!official.TryGetValue(name, out var expected))
            return [$"{name}: the official SDK has no such type"];

        var header = CSharpWriter.Header(type);
        var wrongHeader = header == expected.Header ? [] : new[] { $"{name}: declared as '{header}', officially '{expected.Header}'" };
        return wrongHeader.Concat(Members(type, expected).Where(member => !expected.Members.Contains(member)).Select(member => $"{name}: not official: {member}"));
    }

    private static IEnumerable<string> Members(Type type, OfficialType expected)
    {
        if (type.IsEnum)
            return [string.Join(", ", Enum.GetNames(type))];
        var constructors = type.GetConstructors(Declared).Where(IsVisible)
            // A class that declares no constructor has one all the same, and the listing does not name it.
            .Where(constructor => constructor.GetParameters().Length > 0 || expected.ListsConstructors)
            .Select(CSharpWriter.Constructor);
        var methods = type.GetMethods(Declared).Where(method => IsVisible(method) && !method.IsSpecialName).Select(CSharpWriter.Method);
        var properties = type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsVisible)).Select(CSharpWriter.Property);
        var fields = type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily) && !field.IsDefined(typeof(CompilerGeneratedAttribute))).Select(CSharpWriter.Field);
        return constructors.Concat(methods).Concat(properties).Concat(fields);
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;
}
