namespace Sidecar.Runtime.Expressions.Syntax;

/// <summary>
/// Recursive descent by precedence:
/// <code>
/// expression := or ('?' or ':' expression)?
/// or         := and ('||' and)*
/// and        := relation ('&amp;&amp;' relation)*
/// relation   := sum (('&lt;' | '&lt;=' | '&gt;' | '&gt;=' | '==' | '!=' | 'in') sum)*
/// sum        := product (('+' | '-') product)*
/// product    := unary (('*' | '/' | '%') unary)*
/// unary      := ('!' | '-')* member
/// member     := primary ('.' NAME ('(' list ')')? | '[' expression ']')*
/// primary    := '.'? NAME ('(' list ')')? | '(' expression ')' | '[' list ']' | '{' entries '}' | LITERAL
/// </code>
/// Nesting is bounded, so that neither parsing nor evaluation can exhaust the stack.
/// </summary>
internal sealed class Parser
{
    private const int MaxNesting = 64;
    private const int MaxDepth = 250;

    private static readonly string[] Relations = ["==", "!=", "<=", ">=", "<", ">"];

    private static readonly string[] Reserved =
    [
        "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ];

    private readonly Lexer _lexer;
    private Token _token;
    private int _nesting;

    private Parser(string text)
    {
        _lexer = new Lexer(text);
        _token = _lexer.Next();
    }

    /// <exception cref="ExpressionSyntaxException">The text is not an expression.</exception>
    public static ExpressionNode Parse(string text)
    {
        var parser = new Parser(text);
        var node = parser.Expression();
        if (parser._token.Kind != TokenKind.End)
            throw parser.Unexpected("an operator or the end");
        return node;
    }

    private ExpressionNode Expression()
    {
        if (++_nesting > MaxNesting)
            throw TooDeep();
        var node = Or();
        if (Take("?"))
        {
            var whenTrue = Or();
            Expect(":");
            node = Bounded(new ConditionalNode(node, whenTrue, Expression()));
        }

        _nesting--;
        return node;
    }

    private ExpressionNode Or()
    {
        var operands = new List<ExpressionNode> { And() };
        while (Take("||"))
            operands.Add(And());
        return operands.Count == 1 ? operands[0] : Bounded(new LogicNode(operands, decides: true));
    }

    private ExpressionNode And()
    {
        var operands = new List<ExpressionNode> { Relation() };
        while (Take("&&"))
            operands.Add(Relation());
        return operands.Count == 1 ? operands[0] : Bounded(new LogicNode(operands, decides: false));
    }

    private ExpressionNode Relation()
    {
        var node = Sum();
        while (true)
        {
            var operation = _token.Text;
            if ((_token.Kind == TokenKind.Symbol && Relations.Contains(operation)) || _token is { Kind: TokenKind.Identifier, Text: "in" })
                Advance();
            else
                return node;
            node = Bounded(new RelationNode(operation, node, Sum()));
        }
    }

    private ExpressionNode Sum()
    {
        var node = Product();
        while (_token.Is("+") || _token.Is("-"))
            node = Bounded(new ArithmeticNode(Advance().Text[0], node, Product()));
        return node;
    }

    private ExpressionNode Product()
    {
        var node = Unary();
        while (_token.Is("*") || _token.Is("/") || _token.Is("%"))
            node = Bounded(new ArithmeticNode(Advance().Text[0], node, Unary()));
        return node;
    }

    private ExpressionNode Unary()
    {
        var operations = new Stack<char>();
        while (_token.Is("!") || _token.Is("-"))
            operations.Push(Advance().Text[0]);

        ExpressionNode node;
        if (_token is { Kind: TokenKind.Integer, Value: (ulong)long.MaxValue + 1 } && operations.TryPeek(out var last) && last == '-')
        {
            // The lowest integer has no positive twin to negate.
            operations.Pop();
            Advance();
            node = new LiteralNode(long.MinValue);
        }
        else
        {
            node = Member();
        }

        while (operations.TryPop(out var operation))
            node = Bounded(new UnaryNode(operation, node));
        return node;
    }

    private ExpressionNode Member()
    {
        var node = Primary();
        while (true)
        {
            if (Take("."))
            {
                var name = Name("a field or method");
                node = _token.Is("(") ? Method(node, name) : Bounded(new SelectNode(node, name.Text));
            }
            else if (Take("["))
            {
                node = Bounded(new IndexNode(node, Expression()));
                Expect("]");
            }
            else
            {
                return node;
            }
        }
    }

    private ExpressionNode Primary()
    {
        var token = _token;
        switch (token.Kind)
        {
            case TokenKind.Literal:
                Advance();
                return new LiteralNode(token.Value);
            case TokenKind.Integer:
                Advance();
                return (ulong)token.Value! <= long.MaxValue ? new LiteralNode((long)(ulong)token.Value) : throw new ExpressionSyntaxException(token.Column, $"{token.Text} is not an integer of 64 bits");
            case TokenKind.Identifier:
                return Identifier();
        }

        if (Take("("))
        {
            var inner = Expression();
            Expect(")");
            return inner;
        }

        if (Take("["))
            return Bounded(new ListNode(List("]")));
        if (Take("{"))
            return Bounded(new MapNode(Entries()));
        return Take(".") ? Identifier() : throw Unexpected("a value");
    }

    private ExpressionNode Identifier()
    {
        var name = Name("a name");
        if (name.Text is "true" or "false")
            return new LiteralNode(name.Text == "true");
        if (name.Text == "null")
            return new LiteralNode(null);
        if (Reserved.Contains(name.Text, StringComparer.Ordinal))
            throw new ExpressionSyntaxException(name.Column, $"'{name.Text}' is reserved");
        if (!Take("("))
            return new VariableNode(name.Text);
        return Call(name, List(")"), isMethod: false);
    }

    private ExpressionNode Method(ExpressionNode target, Token name)
    {
        Expect("(");
        var arguments = List(")");
        return MacroNode.TryCreate(target, name, arguments) is { } macro ? Bounded(macro) : Call(name, [target, .. arguments], isMethod: true);
    }

    private ExpressionNode Call(Token name, List<ExpressionNode> arguments, bool isMethod)
    {
        if (name.Text == "has" && !isMethod)
        {
            return arguments is [SelectNode { Target: var target, Field: var field }]
                ? Bounded(new HasNode(target, field))
                : throw new ExpressionSyntaxException(name.Column, "has() takes one field, as in has(event.data.x)");
        }

        if (Functions.Find(name.Text, arguments.Count, isMethod) is not { } function)
            throw new ExpressionSyntaxException(name.Column, $"unknown {(isMethod ? "method" : "function")} '{name.Text}' with {arguments.Count - (isMethod ? 1 : 0)} arguments");
        if (name.Text == "matches" && arguments[1] is LiteralNode { Value: string pattern } && Re2.Check(pattern) is { } error)
            throw new ExpressionSyntaxException(name.Column, error.Message);
        return Bounded(new CallNode(function, arguments));
    }

    private List<ExpressionNode> List(string closing)
    {
        var items = new List<ExpressionNode>();
        while (!Take(closing))
        {
            items.Add(Expression());
            if (!Take(","))
            {
                Expect(closing);
                break;
            }
        }

        return items;
    }

    private List<(ExpressionNode Key, ExpressionNode Value)> Entries()
    {
        var entries = new List<(ExpressionNode, ExpressionNode)>();
        while (!Take("}"))
        {
            var key = Expression();
            Expect(":");
            entries.Add((key, Expression()));
            if (!Take(","))
            {
                Expect("}");
                break;
            }
        }

        return entries;
    }

    private Token Name(string what) => _token.Kind == TokenKind.Identifier ? Advance() : throw Unexpected(what);

    private Token Advance()
    {
        var token = _token;
        _token = _lexer.Next();
        return token;
    }

    private bool Take(string symbol)
    {
        if (!_token.Is(symbol))
            return false;
        Advance();
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
            throw Unexpected($"'{symbol}'");
    }

    private ExpressionNode Bounded(ExpressionNode node) => node.Depth <= MaxDepth ? node : throw TooDeep();

    private ExpressionSyntaxException TooDeep() => new(_token.Column, "nested too deeply");

    private ExpressionSyntaxException Unexpected(string expected) => new(_token.Column, $"expected {expected}, found {_token.Describe()}");
}
