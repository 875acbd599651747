using System.Text;
using System.Text.Json;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>SM4-GCM as the key vault uses it: 128-bit key, 96-bit nonce, 128-bit tag.</summary>
public sealed class KeyVaultTests
{
    private const string Label = "seal/37040600000001";

    private static readonly byte[] VaultKey = new TestRandom("vault").Bytes(16);

    // RFC 8998 A.1.
    [Fact]
    public void Seal_gives_the_published_ciphertext_and_tag()
    {
        var vault = new KeyVault(Convert.FromHexString("0123456789ABCDEFFEDCBA9876543210"));
        var nonce = Convert.FromHexString("00001234567800000000ABCD");
        var label = Convert.FromHexString("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
        var plain = Convert.FromHexString(
            "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDDEEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA");
        var sealedBytes = vault.Seal(plain, label, nonce);
        Assert.Equal(
            "00001234567800000000ABCD"
            + "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
            + "83DE3541E4C2B58177E065A9BF7B62EC",
            Convert.ToHexString(sealedBytes));
        Assert.Equal(plain, vault.Open(sealedBytes, label));
    }

    // The vault fixes the nonce at 96 bits, so cases with other lengths do not apply; the counts show that none is lost.
    [Fact]
    public void Seal_and_open_agree_with_all_applicable_wycheproof_cases()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("vectors/sm4_gcm_test.json")));
        int good = 0, bad = 0, notApplicable = 0;
        foreach (var group in file.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            Assert.Equal((128, 128), (group.GetProperty("keySize").GetInt32(), group.GetProperty("tagSize").GetInt32()));
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                if (group.GetProperty("ivSize").GetInt32() != 96)
                {
                    notApplicable++;
                    continue;
                }

                var vault = new KeyVault(test.Hex("key"));
                byte[] sealedBytes = [.. test.Hex("iv"), .. test.Hex("ct"), .. test.Hex("tag")];
                if (test.GetProperty("result").GetString() == "valid")
                {
                    Assert.Equal(sealedBytes, vault.Seal(test.Hex("msg"), test.Hex("aad"), test.Hex("iv")));
                    Assert.Equal(test.Hex("msg"), vault.Open(sealedBytes, test.Hex("aad")));
                    good++;
                }
                else
                {
                    Refused(() => vault.Open(sealedBytes, test.Hex("aad")));
                    bad++;
                }
            }
        }

        Assert.Equal((GoodCases, BadCases, OtherNonceLengths), (good, bad, notApplicable));
    }

    [Fact]
    public void Open_returns_the_sealed_key()
    {
        var vault = new KeyVault(VaultKey);
        using var key = Sm2Cases.Key("vault");
        using var opened = vault.Open(vault.Seal(key, Label), Label);
        Assert.Equal(key.ExportScalar(), opened.ExportScalar());
        Assert.True(opened.PublicKey.Equals(key.PublicKey));
    }

    // A repeated nonce under one key would give GCM away, so two seals of one key must differ in it.
    [Fact]
    public void Seal_takes_a_fresh_nonce_each_time()
    {
        var vault = new KeyVault(VaultKey);
        using var key = Sm2Cases.Key("vault");
        var nonces = Enumerable.Range(0, 64).Select(_ => Convert.ToHexString(vault.Seal(key, Label).AsSpan(0, 12))).ToHashSet();
        Assert.Equal(64, nonces.Count);
    }

    [Fact]
    public void Open_refuses_every_altered_byte_and_every_truncation()
    {
        var vault = new KeyVault(VaultKey);
        using var key = Sm2Cases.Key("vault");
        var sealedBytes = vault.Seal(key, Label);
        Assert.Equal(12 + 32 + 16, sealedBytes.Length);
        for (var i = 0; i < sealedBytes.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var altered = sealedBytes.ToArray();
                altered[i] ^= (byte)(1 << bit);
                Refused(() => vault.Open(altered, Label));
            }

            Refused(() => vault.Open(sealedBytes.AsSpan(0, i), Label));
        }

        Refused(() => vault.Open([.. sealedBytes, 0], Label));
    }

    // Otherwise a sealed key could be moved to another owner inside the database.
    [Theory]
    [InlineData("seal/37040600000002")]
    [InlineData("")]
    [InlineData("seal/37040600000001 ")]
    [InlineData("SEAL/37040600000001")]
    public void Open_refuses_another_label(string label)
    {
        var vault = new KeyVault(VaultKey);
        using var key = Sm2Cases.Key("vault");
        var sealedBytes = vault.Seal(key, Label);
        Refused(() => vault.Open(sealedBytes, label));
    }

    [Fact]
    public void Open_refuses_another_vault()
    {
        using var key = Sm2Cases.Key("vault");
        var sealedBytes = new KeyVault(VaultKey).Seal(key, Label);
        var other = new KeyVault(new TestRandom("other vault").Bytes(16));
        Refused(() => other.Open(sealedBytes, Label));
    }

    // Authentic content that is no private key must not become one.
    [Fact]
    public void Open_refuses_a_sealed_number_out_of_range()
    {
        var vault = new KeyVault(VaultKey);
        foreach (var content in new[] { new byte[32], ReferenceSm2.Bytes(ReferenceSm2.N), new byte[31], [] })
        {
            var sealedBytes = vault.Seal(content, Encoding.UTF8.GetBytes(Label), new byte[12]);
            Assert.Equal(ErrorReason.PublicKeyInvalid, Assert.Throws<EidException>(() => vault.Open(sealedBytes, Label)).Reason);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(32)]
    public void A_vault_key_of_another_length_is_refused(int length) => Refused(() => new KeyVault(new byte[length]));

    private const int GoodCases = 38;
    private const int BadCases = 27;
    private const int OtherNonceLengths = 39;

    private static void Refused(Func<object> action) =>
        Assert.Equal(ErrorReason.KeyVaultSealed, Assert.Throws<EidException>(action).Reason);
}
