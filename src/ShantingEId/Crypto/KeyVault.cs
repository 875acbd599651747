using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace ShantingEId.Crypto;

/// <summary>
/// Keeps private keys sealed with SM4-GCM (RFC 8998 parameters) under a key-encryption key that never enters the database.
/// The label (which key, for whom) is authenticated, so a sealed key cannot be moved to another owner.
/// </summary>
public sealed class KeyVault
{
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private readonly byte[] keyEncryptionKey;

    /// <summary>Opens the vault.</summary>
    /// <param name="keyEncryptionKey">16 bytes, from a file or device outside the database.</param>
    public KeyVault(ReadOnlySpan<byte> keyEncryptionKey)
    {
        if (keyEncryptionKey.Length != 16)
        {
            throw new EidException(ErrorReason.KeyVaultSealed, "密钥加密密钥应为 16 字节（SM4）");
        }

        this.keyEncryptionKey = keyEncryptionKey.ToArray();
    }

    /// <summary>Seals a private key: nonce ‖ ciphertext ‖ tag.</summary>
    public byte[] Seal(Sm2PrivateKey key, string label)
    {
        var scalar = key.ExportScalar();
        try
        {
            return Seal(scalar, Encoding.UTF8.GetBytes(label), RandomNumberGenerator.GetBytes(NonceSize));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
        }
    }

    /// <summary>Opens a sealed private key.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.KeyVaultSealed"/>: other vault, other label or altered bytes.</exception>
    public Sm2PrivateKey Open(ReadOnlySpan<byte> sealedKey, string label)
    {
        var scalar = Open(sealedKey, Encoding.UTF8.GetBytes(label));
        try
        {
            return Sm2PrivateKey.FromScalar(scalar);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
        }
    }

    internal byte[] Seal(ReadOnlySpan<byte> plain, byte[] label, byte[] nonce)
    {
        var cipher = NewCipher(true, nonce, label);
        var output = new byte[NonceSize + cipher.GetOutputSize(plain.Length)];
        nonce.CopyTo(output, 0);
        var written = cipher.ProcessBytes(plain, output.AsSpan(NonceSize));
        cipher.DoFinal(output.AsSpan(NonceSize + written));
        return output;
    }

    internal byte[] Open(ReadOnlySpan<byte> sealedBytes, byte[] label)
    {
        if (sealedBytes.Length < NonceSize + TagSize)
        {
            throw new EidException(ErrorReason.KeyVaultSealed, "密钥密文过短");
        }

        try
        {
            var cipher = NewCipher(false, sealedBytes[..NonceSize].ToArray(), label);
            var body = sealedBytes[NonceSize..];
            var plain = new byte[cipher.GetOutputSize(body.Length)];
            var written = cipher.ProcessBytes(body, plain);
            cipher.DoFinal(plain.AsSpan(written));
            return plain;
        }
        catch (InvalidCipherTextException error)
        {
            throw new EidException(ErrorReason.KeyVaultSealed, "密钥密文与密钥库或标签不符", error);
        }
    }

    private GcmBlockCipher NewCipher(bool forEncryption, byte[] nonce, byte[] label)
    {
        var cipher = new GcmBlockCipher(new SM4Engine());
        cipher.Init(forEncryption, new AeadParameters(new KeyParameter(keyEncryptionKey), TagSize * 8, nonce, label));
        return cipher;
    }
}
