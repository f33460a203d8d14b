using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Sdk.Tests.Signatures;

/// <summary>Writes reflected members the way the listing has them. Nullable annotations of reference types are left out.</summary>
internal static class CSharpWriter
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(byte)] = "byte",
        [typeof(object)] = "object",
    };

    public static string Type(Type type, Queue<string?>? tupleNames = null)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;
        if (type.IsArray)
            return Type(type.GetElementType()!, tupleNames) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Type(value, tupleNames) + "?";
        if (!type.IsGenericType)
            return type.Name;
        if (type.IsAssignableTo(typeof(ITuple)) && tupleNames is not null)
        {
            var names = type.GetGenericArguments().Select(_ => tupleNames.Dequeue()).ToList();
            return "(" + string.Join(", ", type.GetGenericArguments().Zip(names, (item, name) => $"{Type(item, tupleNames)} {name}".TrimEnd())) + ")";
        }

        return $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(argument => Type(argument, tupleNames)))}>";
    }

    public static string Header(Type type)
    {
        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : "class";
        var modifier = kind != "class" ? (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") : (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static ",
            (true, false) => "abstract ",
            (false, true) => "sealed ",
            _ => "",
        };
        var bases = Bases(type);
        return $"{modifier}{kind} {Type(type)}{(bases.Count == 0 ? "" : " : " + string.Join(", ", bases))}";
    }

    public static string Constructor(ConstructorInfo constructor) =>
        $"{Access(constructor)}{constructor.DeclaringType!.Name.Split('`')[0]}({Parameters(constructor, isExtension: false)})";

    public static string Method(MethodInfo method)
    {
        var isExtension = method.IsDefined(typeof(ExtensionAttribute));
        var generics = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        var constraints = string.Concat(method.GetGenericArguments()
            .Where(argument => argument.GetGenericParameterConstraints().Length > 0)
            .Select(argument => $" where {argument.Name} : {string.Join(", ", argument.GetGenericParameterConstraints().Select(constraint => Type(constraint)))}"));
        var returned = Type(method.ReturnType, TupleNames(method.ReturnParameter));
        return $"{Access(method)}{Modifier(method)}{returned} {method.Name}{generics}({Parameters(method, isExtension)}){constraints}";
    }

    public static string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).OrderBy(accessor => accessor != property.GetMethod).ToList();
        var widest = accessors.First(accessor => accessor.IsPublic || accessor.IsFamily || accessor.IsFamilyOrAssembly);
        var parts = accessors.Where(accessor => !accessor.IsAssembly || accessor.IsPublic).Select(accessor =>
        {
            var name = accessor == property.GetMethod ? "get" : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set";
            return Access(accessor) == Access(widest) ? name + ";" : (accessor.IsPrivate ? "private " : Access(accessor)) + name + ";";
        });
        return $"{Access(widest)}{Modifier(widest)}{Type(property.PropertyType)} {property.Name} {{ {string.Join(' ', parts)} }}";
    }

    public static string Field(FieldInfo field) => $"{(field.IsStatic ? "static " : "")}{Type(field.FieldType)} {field.Name}";

    private static List<string> Bases(Type type)
    {
        if (type.IsEnum)
            return [];
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var own = type.GetInterfaces().Except(inherited).ToList();
        own = [.. own.Where(candidate => !own.Any(other => other != candidate && other.GetInterfaces().Contains(candidate)))];
        var parent = type.BaseType is { } known && known != typeof(object) && known != typeof(ValueType) ? [known] : Array.Empty<Type>();
        return [.. parent.Concat(own).Select(item => Type(item))];
    }

    private static string Access(MethodBase method) => method.IsPublic || method.DeclaringType!.IsInterface ? "" : method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "internal ";

    private static string Modifier(MethodInfo method)
    {
        if (method.IsStatic)
            return "static ";
        if (method.DeclaringType!.IsInterface || !method.IsVirtual)
            return "";
        if (method.GetBaseDefinition() != method)
            return "override ";
        return method.IsAbstract ? "abstract " : method.IsFinal ? "" : "virtual ";
    }

    private static string Parameters(MethodBase method, bool isExtension) => string.Join(", ", method.GetParameters().Select((parameter, index) =>
        $"{(isExtension && index == 0 ? "this " : "")}{Type(parameter.ParameterType, TupleNames(parameter))} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Value(parameter) : "")}"));

    private static string Value(ParameterInfo parameter) => parameter.RawDefaultValue switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        var number when parameter.ParameterType.IsEnum => $"{parameter.ParameterType.Name}.{Enum.ToObject(parameter.ParameterType, number)}",
        var number => Convert.ToString(number, CultureInfo.InvariantCulture)!,
    };

    private static Queue<string?>? TupleNames(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<TupleElementNamesAttribute>() is { } names ? new Queue<string?>(names.TransformNames) : null;
}
