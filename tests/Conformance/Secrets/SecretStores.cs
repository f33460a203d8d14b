using System.Text.Json;

namespace Conformance.Secrets;

public sealed class LocalFileSecretStoreTests() : SecretStoreConformance(new SecretStoreTarget("secretstores.local.file")
{
    Provide = (folder, secrets) =>
    {
        folder.Write("secrets.json", JsonSerializer.Serialize(secrets));
        return new() { ["secretsFile"] = "./secrets.json" };
    },
});

public sealed class LocalEnvSecretStoreTests() : SecretStoreConformance(new SecretStoreTarget("secretstores.local.env")
{
    Provide = (_, _) => [],
    Environment = secrets => secrets,
    AbsentIsEmpty = true,
});
