using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Security;

namespace Sidecar.Runtime.Tests.Security;

/// <summary>Who may call what, by the Configuration's <c>accessControl</c> (contract 4.3).</summary>
public sealed class AccessRulesTests
{
    private static readonly PeerIdentity Caller = new("public", "default", "caller");

    [Theory]
    [InlineData("/op", "GET", true)]
    [InlineData("/OP/", "get", true)]
    [InlineData("/op", "POST", false)]
    [InlineData("/op/x", "GET", false)]
    [InlineData("/any/thing", "DELETE", true)]
    [InlineData("/any", "GET", false)]
    [InlineData("/any/thing/more", "GET", false)]
    [InlineData("/deep/a", "GET", true)]
    [InlineData("/deep/a/b/c", "PUT", true)]
    [InlineData("/deep", "GET", false)]
    [InlineData("/deep/no", "GET", false)]
    [InlineData("/deep/no/a", "GET", true)]
    [InlineData("/other", "GET", false)]
    public void The_most_exact_operation_with_its_verbs_decides_else_the_policy(string operation, string verb, bool allowed)
    {
        var rules = Rules(
            allowsByDefault: true,
            Policy(false, new("/op", ["GET"], true), new("/any/*", ["*"], true), new("/deep/**", ["*"], true), new("/deep/no", ["*"], false)));

        Assert.Equal(allowed, rules.Allows(Caller, operation, verb));
    }

    [Theory]
    [InlineData("public", "default", "caller", false)]
    [InlineData("elsewhere", "default", "caller", true)]
    [InlineData("public", "production", "caller", true)]
    [InlineData("public", "default", "other", true)]
    public void A_policy_is_for_one_identity_and_all_others_have_the_default(string domain, string space, string appId, bool allowed)
    {
        Assert.Equal(allowed, Rules(allowsByDefault: true, Policy(false)).Allows(new PeerIdentity(domain, space, appId), "/op", "GET"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_a_certificate_only_the_default_of_all_applies(bool allowsByDefault)
    {
        Assert.Equal(allowsByDefault, Rules(allowsByDefault, Policy(!allowsByDefault)).Allows(null, "/op", "GET"));
    }

    [Fact]
    public void An_operation_of_an_app_that_speaks_grpc_has_no_verbs_and_its_case_counts()
    {
        var rules = new AccessRules(new AccessControlSettings(false, "public", [Policy(false, new OperationAccess("/Greet/Hello", ["POST"], true))]), isHttp: false);

        Assert.True(rules.Allows(Caller, "/Greet/Hello", "NONE"));
        Assert.False(rules.Allows(Caller, "/greet/hello", "POST"));
    }

    [Theory]
    [InlineData("spiffe://public/ns/default/caller", true)]
    [InlineData("spiffe://public/ns/default/", false)]
    [InlineData("spiffe://public/ns/default", false)]
    [InlineData("spiffe://public/ns/default/a/b", false)]
    [InlineData("https://public/ns/default/caller", false)]
    public void An_identity_is_a_spiffe_id_of_this_form(string uri, bool isOne)
    {
        Assert.Equal(isOne ? Caller : null, PeerIdentity.Parse(uri));
    }

    [Fact]
    public void An_identity_of_odd_characters_is_read_as_it_was_written()
    {
        var odd = new PeerIdentity("Pub lic", "de/fault", "ca%ll\u00e9r");

        Assert.Equal(odd, PeerIdentity.Parse(odd.ToString()));
    }

    private static AccessRules Rules(bool allowsByDefault, params AppAccess[] policies) => new(new AccessControlSettings(allowsByDefault, "public", policies), isHttp: true);

    private static AppAccess Policy(bool? allowsByDefault, params OperationAccess[] operations) => new("caller", "public", "default", allowsByDefault, operations);
}
