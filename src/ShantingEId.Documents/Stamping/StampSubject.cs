using ShantingEId.Crypto;
using ShantingEId.Documents.Ofd;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Stamping;

/// <summary>What is stamped: an OFD document, or the digest of something the caller keeps to itself.</summary>
public abstract record StampSubject
{
    /// <summary>SM3 that stands for it in the log, 32 bytes.</summary>
    public abstract byte[] Digest { get; }

    /// <summary>Everything of it that a retry must repeat.</summary>
    public abstract string Identity { get; }

    /// <summary>Reads it and finds the places; must give the same for the same seal and time.</summary>
    /// <param name="seal">The seal.</param>
    /// <param name="time">When it is signed.</param>
    /// <param name="withSealFile">As up to version 0.3, with the seal as a file of its own.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StampPlaceInvalid"/>, <see cref="ErrorReason.DocumentInvalid"/>, errors of the reader.</exception>
    internal abstract StampPlan Plan(SesSeal seal, DateTimeOffset time, bool withSealFile = false);

    /// <summary>The document with a signature over it that was kept; null where there is none.</summary>
    internal byte[]? Again(SesSignature signature)
    {
        var toSign = signature.ToSign;
        var plan = Plan(toSign.Seal, toSign.Time);
        if (!plan.DataHash.AsSpan().SequenceEqual(toSign.DataHash))
        {
            plan = Plan(toSign.Seal, toSign.Time, withSealFile: true); // It was stamped by a version that wrote more.
        }

        return plan.Finish?.Invoke(signature);
    }

    /// <summary>A document.</summary>
    /// <param name="Bytes">OFD.</param>
    /// <param name="Wishes">Where the imprints are wanted; at least one.</param>
    public sealed record Document(ReadOnlyMemory<byte> Bytes, IReadOnlyList<StampWish> Wishes) : StampSubject
    {
        /// <inheritdoc/>
        public override byte[] Digest { get; } = Sm3.Hash(Bytes.Span);

        /// <inheritdoc/>
        public override string Identity => $"document {Convert.ToHexStringLower(Digest)} {string.Join('\u001E', Wishes)}";

        internal override StampPlan Plan(SesSeal seal, DateTimeOffset time, bool withSealFile)
        {
            var package = OfdFile.Read(Bytes);
            var prepared = OfdSigner.Prepare(package, withSealFile ? seal : null, time, StampWish.Places(package, seal, Wishes));
            return new StampPlan(prepared.DataHash, prepared.PropertyInfo, StampWish.PageList(prepared.Places), value => prepared.Finish(value).ToBytes());
        }
    }

    /// <summary>A digest.</summary>
    /// <param name="Sm3">SM3, 32 bytes.</param>
    /// <param name="PropertyInfo">原文属性, 1 to 200 visible ASCII characters.</param>
    public sealed record Hash(byte[] Sm3, string PropertyInfo) : StampSubject
    {
        /// <inheritdoc/>
        public override byte[] Digest => Sm3;

        /// <inheritdoc/>
        public override string Identity => $"digest {Convert.ToHexStringLower(Sm3)} {PropertyInfo}";

        internal override StampPlan Plan(SesSeal seal, DateTimeOffset time, bool withSealFile) => new(Sm3, PropertyInfo, "", null);
    }
}

/// <summary>What the signature will be over, and how it is put on the document.</summary>
/// <param name="DataHash">原文杂凑.</param>
/// <param name="PropertyInfo">原文属性.</param>
/// <param name="Pages">Pages with an imprint, for the log.</param>
/// <param name="Finish">Makes the stamped document; null where there is none.</param>
internal sealed record StampPlan(byte[] DataHash, string PropertyInfo, string Pages, Func<SesSignature, byte[]>? Finish);
