import { toHex } from './bytes.js';
import { CborReader, CborWriter } from './cbor.js';
import { FormError, orNull } from './errors.js';
import { signatureOfRaw, type Sm2PublicKey } from './sm2.js';

/** What an envelope is for; a signature made for one use is never valid for another. */
export const ContentType = {
  Manifest: 65001, LicenseCode: 65002, LookupTick: 65003, TrustList: 65010, NeighbourList: 65011, StatusList: 65020, StatusPack: 65021,
} as const;

const algorithm = -65537; // Private use: SM2 with SM3, ID 1234567812345678.
const labelAlgorithm = 1;
const labelContentType = 3;
const labelKeyId = 4;
const labelType = 16; // RFC 9596
const statusListType = 'application/statuslist+cwt';

/**
 * The one signed envelope: COSE_Sign1 (RFC 9052 §4.2), tagged, deterministic CBOR, empty unprotected header, raw SM2 signature.
 * A status list token says its type in label 16 and as text, and has no label 3.
 */
export class Envelope {
  private constructor(
    private readonly header: Uint8Array,
    readonly contentType: number,
    /** Which key is said to have signed, 16 hexadecimal digits. */
    readonly keyId: string,
    readonly payload: Uint8Array,
    /** r‖s. */
    readonly signature: Uint8Array,
  ) {}

  /** Parses strictly: what would encode to other bytes is not an envelope. */
  static parse(bytes: Uint8Array): Envelope | null {
    return orNull(() => {
      const reader = new CborReader(bytes);
      reader.tag(18);
      reader.array(4);
      const header = reader.byteString();
      reader.map(0);
      const payload = reader.byteString();
      const signature = signatureOfRaw(reader.byteString());
      reader.end();
      if (signature === null) {
        throw new FormError('signature');
      }

      const { contentType, keyId } = readHeader(header);
      return new Envelope(header, contentType, keyId, payload, signature);
    });
  }

  /** Bytes of an envelope with these parts, whose signature nobody has checked. */
  static assemble(contentType: number, keyId: Uint8Array, payload: Uint8Array, signature: Uint8Array): Uint8Array {
    const header = new CborWriter().map(3).number(labelAlgorithm).number(algorithm).number(labelContentType).number(contentType).number(labelKeyId).byteString(keyId);
    return new CborWriter().tag(18).array(4).byteString(header.finish()).map(0).byteString(payload).byteString(signature).finish();
  }

  /** Whether the signature over Sig_structure (RFC 9052 §4.4) is good with this key. */
  verify(key: Sm2PublicKey): boolean {
    const signed = new CborWriter().array(4).text('Signature1').byteString(this.header).byteString(new Uint8Array()).byteString(this.payload);
    return key.verify(signed.finish(), this.signature);
  }
}

function readHeader(header: Uint8Array): { contentType: number; keyId: string } {
  const reader = new CborReader(header);
  reader.map(3);
  reader.label(labelAlgorithm);
  reader.label(algorithm);

  // One of the two ways to say what it is for; the number that stands for the text here is no way to say it.
  let contentType: number = ContentType.StatusList;
  let label = reader.int();
  if (label === labelContentType) {
    contentType = reader.int();
    label = contentType === ContentType.StatusList ? 0 : reader.int();
  }

  if (label !== labelKeyId) {
    throw new FormError('header');
  }

  const keyId = toHex(reader.byteString(8));
  if (contentType === ContentType.StatusList) {
    reader.label(labelType);
    if (reader.text() !== statusListType) {
      throw new FormError('type');
    }
  }

  reader.end();
  return { contentType, keyId };
}
