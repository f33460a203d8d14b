using Npgsql;
using Sidecar.Components.Postgres;

namespace Sidecar.Components.Tests.Postgres;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("host=h user=u password=p port=5433 dbname=d", "h|5433|u|p|d")]
    [InlineData("  host = h\tuser='a b'\n password='it\\'s \\\\' database=d ", "h|5432|a b|it's \\|d")]
    [InlineData("host=h user=u password=a\\ b", "h|5432|u|a b|")]
    [InlineData("host=h password='' user=u", "h|5432|u||")]
    [InlineData("host=h password=a=b user=u", "h|5432|u|a=b|")]
    [InlineData("hostaddr=10.0.0.1 user=u", "10.0.0.1|5432|u||")]
    [InlineData("postgres://u:p@h:5433/d", "h|5433|u|p|d")]
    [InlineData("postgresql://h/d", "h|5432|||d")]
    [InlineData("postgres://u%40x:p%2F%3A%23@h", "h|5432|u@x|p/:#|")]
    [InlineData("postgres://[::1]:5433/d?user=u&password=p%26q", "::1|5433|u|p&q|d")]
    public void Host_port_user_password_and_database_are_read(string text, string expected)
    {
        var address = PostgresAddress.Parse(text);
        Assert.Equal(expected, $"{address.Host}|{address.Port}|{address.Username}|{address.Password}|{address.Database}");
    }

    [Fact]
    public void Further_parts_are_those_of_the_library()
    {
        var address = PostgresAddress.Parse(
            "host=h sslmode=verify-full sslrootcert=/ca.pem sslcert=/c.pem sslkey=/k.pem connect_timeout=7 application_name=a search_path=s,public target_session_attrs=read-write pool_max_conns=9 pool_min_conns=2 pool_max_conn_lifetime=1h pool_max_conn_idle_time=90s pool_health_check_period=1m statement_cache_capacity=5");

        Assert.Equal((SslMode.VerifyFull, "/ca.pem", "/c.pem", "/k.pem"), (address.SslMode, address.RootCertificate, address.SslCertificate, address.SslKey));
        Assert.Equal((7, "a", "s,public", "read-write"), (address.Timeout, address.ApplicationName, address.SearchPath, address.TargetSessionAttributes));
        Assert.Equal((9, 2, 3600, 90, 5), (address.MaxPoolSize, address.MinPoolSize, address.ConnectionLifetime, address.ConnectionIdleLifetime, address.MaxAutoPrepare));
    }

    [Theory]
    [InlineData("host=h colour=blue", "part 2 has a name that is not known; known are host, ")]
    [InlineData("postgres://h/d?colour=blue", "part 3 has a name that is not known; known are host, ")]
    [InlineData("host=h password=my secret=x", "part 3 has a name that is not known")]
    [InlineData("host=h secret", "no '='")]
    [InlineData("host=h password='secret", "'password'")]
    [InlineData("host=h port=many", "port 'many'")]
    [InlineData("host=h sslmode=maybe", "sslmode 'maybe'")]
    [InlineData("host=h pool_max_conn_lifetime=long", "pool_max_conn_lifetime 'long'")]
    [InlineData("host=h default_query_exec_mode=fast", "'default_query_exec_mode'")]
    [InlineData("postgres://u:sec/ret@h:99999999/d", "URL")]
    public void What_has_no_meaning_is_named_without_its_secrets(string text, string named)
    {
        var failure = Assert.Throws<ComponentException>(() => PostgresAddress.Parse(text));
        Assert.Contains(named, failure.Message);
        Assert.DoesNotContain("secret", failure.Message);
        Assert.DoesNotContain("ret@h", failure.Message);
    }
}
