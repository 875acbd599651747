import { CborReader } from './cbor.js';
import type { Sm2Certificate } from './certificate.js';
import { ContentType, Envelope } from './envelope.js';
import { FormError } from './errors.js';
import { lastSecond, maxTextLength } from './licenseCode.js';
import { requireStatusSigner, statusInvalid } from './trust.js';

/** State of a licence as two bits (draft-ietf-oauth-status-list §7.1). */
export const LicenseStatus = { Valid: 0, Invalid: 1, Suspended: 2, Superseded: 3 } as const;

/** Earliest and latest second that a time of ours can be. */
export const firstSecond = -62135596800;

const maxListBytes = 1 << 20;
const claim = { sub: 2, exp: 4, iat: 6, statusList: 65533, ttl: 65534 } as const;

/** States, a few bits each: the first entry stands in the lowest bits of the first byte. */
export class StatusList {
  constructor(
    /** 1, 2, 4 or 8. */
    readonly bits: number,
    readonly packed: Uint8Array,
  ) {}

  get count(): number {
    return (this.packed.length * 8) / this.bits;
  }

  /** One entry; undefined beyond the end. */
  at(index: number): number | undefined {
    const byte = this.packed[Math.floor((index * this.bits) / 8)];
    return byte === undefined ? undefined : (byte >> ((index * this.bits) % 8)) & ((1 << this.bits) - 1);
  }
}

/** Status list token in CWT (draft-ietf-oauth-status-list §5.2). Times are seconds since 1970. */
export interface StatusToken {
  /** The list's own address. */
  readonly address: string;
  readonly issueTime: number;
  /** From when on it says nothing any more; the caller's to ask. */
  readonly expireTime: number;
  /** Seconds for which a copy may be used before asking again. */
  readonly ttl: number;
  readonly list: StatusList;
}

/**
 * Opens a status list token.
 * @param address Under which address it was fetched, or which a licence code leads to.
 * @param certificates Certificates of our authority: roots, those between, and that of the signer.
 * @throws EidError STATUS_INVALID: not a list, another list, or not signed by whom it should be.
 */
export async function readStatusList(bytes: Uint8Array, address: string, certificates: readonly Sm2Certificate[]): Promise<StatusToken> {
  const envelope = Envelope.parse(bytes);
  const token = envelope?.contentType === ContentType.StatusList ? await readToken(envelope.payload) : null;
  if (envelope === null || token === null) {
    throw statusInvalid('不是状态列表');
  }

  requireStatusSigner('状态列表', envelope, certificates, certificates.filter((certificate) => certificate.isRoot), token.issueTime * 1000);
  if (token.address !== address) {
    throw statusInvalid(`这是另一个状态列表（${token.address}）`);
  }

  return token;
}

async function readToken(payload: Uint8Array): Promise<StatusToken | null> {
  try {
    // The map of §4.3 has "bits" before "lst", which is the draft's order and not the deterministic one.
    const reader = new CborReader(payload);
    reader.map(5);
    reader.label(claim.sub);
    const address = reader.text();
    reader.label(claim.exp);
    const expireTime = reader.long();
    reader.label(claim.iat);
    const issueTime = reader.long();
    reader.label(claim.statusList);
    reader.map(2);
    requireText(reader, 'bits');
    const bits = reader.int();
    requireText(reader, 'lst');
    const compressed = reader.byteString();
    reader.label(claim.ttl);
    const ttl = reader.long();
    reader.end();
    if (address.length === 0 || address.length > maxTextLength || ttl <= 0 || ttl > 0x7fffffff || expireTime <= issueTime || issueTime < firstSecond || expireTime > lastSecond
      || ![1, 2, 4, 8].includes(bits)) {
      return null;
    }

    // A stream that is whole without its last byte goes on after its end, which not every platform notices.
    const packed = await inflate(compressed);
    return packed === null || packed.length === 0 || (await inflate(compressed.subarray(0, -1))) !== null
      ? null : { address, issueTime, expireTime, ttl, list: new StatusList(bits, packed) };
  } catch (error) {
    if (error instanceof FormError) {
      return null;
    }

    throw error;
  }
}

function requireText(reader: CborReader, text: string): void {
  if (reader.text() !== text) {
    throw new FormError('label');
  }
}

// zlib (RFC 1950); null for what is none, is cut off, or is more than a list may hold.
async function inflate(compressed: Uint8Array): Promise<Uint8Array | null> {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  const written = writer.write(compressed.slice()).then(() => writer.close());
  written.catch(() => undefined); // The reading side fails as well, and says so below.
  const reader = stream.readable.getReader();
  const packed = new Uint8Array(maxListBytes);
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (length + part.value.length > packed.length) {
        await reader.cancel().catch(() => undefined);
        return null;
      }

      packed.set(part.value, length);
      length += part.value.length;
    }

    return packed.slice(0, length);
  } catch {
    return null;
  }
}
