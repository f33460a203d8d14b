using System.Reflection;
using System.Reflection.Emit;

namespace Architecture;

/// <summary>Types that a type uses, read from its members and from the IL of its methods.</summary>
internal static class IlReferences
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    public static IEnumerable<Type> Of(Type type)
    {
        IEnumerable<Type?> used =
        [
            type.BaseType, .. type.GetInterfaces(),
            .. type.GetFields(Everything).Select(field => field.FieldType),
            .. type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything)).SelectMany(OfMethod),
        ];
        return used.OfType<Type>().SelectMany(Unwrap).Distinct();
    }

    private static IEnumerable<Type?> OfMethod(MethodBase method)
    {
        foreach (var parameter in method.GetParameters())
            yield return parameter.ParameterType;
        if (method is MethodInfo { ReturnType: var result })
            yield return result;
        if (method.GetMethodBody() is not { } body)
            yield break;
        foreach (var local in body.LocalVariables)
            yield return local.LocalType;
        foreach (var token in Tokens(body.GetILAsByteArray()!))
        {
            foreach (var type in Resolve(method, token))
                yield return type;
        }
    }

    private static IEnumerable<Type?> Resolve(MethodBase method, int token)
    {
        var member = method.Module.ResolveMember(
            token, method.DeclaringType?.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
        return member switch
        {
            Type type => [type],
            MethodInfo called => [called.DeclaringType, called.ReturnType, .. called.GetGenericArguments()],
            MemberInfo other => [other.DeclaringType],
            _ => [],
        };
    }

    private static IEnumerable<int> Tokens(byte[] il)
    {
        for (var at = 0; at < il.Length;)
        {
            var value = (short)il[at++];
            if (value == 0xFE)
                value = (short)(0xFE00 | il[at++]);
            var code = OpCodesByValue[value];
            switch (code.OperandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok:
                    yield return BitConverter.ToInt32(il, at);
                    at += 4;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + (4 * BitConverter.ToInt32(il, at));
                    break;
                default:
                    at += Size(code.OperandType);
                    break;
            }
        }
    }

    private static int Size(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private static IEnumerable<Type> Unwrap(Type type)
    {
        if (type.HasElementType)
            return Unwrap(type.GetElementType()!);
        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Unwrap).Append(type.GetGenericTypeDefinition()) : [type];
    }
}
