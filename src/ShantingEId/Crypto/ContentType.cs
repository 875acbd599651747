namespace ShantingEId.Crypto;

/// <summary>
/// What an envelope is for. The number stands in the protected header (COSE label 3), so a signature made for one use is
/// never valid for another. Numbers are CoAP content-formats of the experimental range (RFC 7252 §12.3).
/// </summary>
public enum ContentType
{
    /// <summary>Manifest that binds one licence version and its four seals.</summary>
    Manifest = 65001,

    /// <summary>Licence code: the CWT inside the QR.</summary>
    LicenseCode = 65002,

    /// <summary>Root of one tick of a look-up ledger: what every receipt of that tick leads to.</summary>
    LookupTick = 65003,

    /// <summary>CAs of others that are recognised.</summary>
    TrustList = 65010,

    /// <summary>Neighbouring issuers whose licence codes are recognised.</summary>
    NeighbourList = 65011,

    /// <summary>Status list token. The only one whose number never stands in an envelope: its standard wants a text instead (label 16).</summary>
    StatusList = 65020,

    /// <summary>Pack for counters without network: all states, and what is needed to judge codes by them.</summary>
    StatusPack = 65021,
}
