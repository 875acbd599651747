import { decodeBase32 } from './base32.js';
import { toHex } from './bytes.js';
import { CborReader } from './cbor.js';
import { isCreditCode } from './creditCode.js';
import { ContentType, Envelope } from './envelope.js';
import { FormError, orNull } from './errors.js';

/** Place of a licence in the signed status lists. */
export interface StatusReference {
  readonly list: number;
  readonly index: number;
}

/** What the QR on a licence says. */
export interface LicenseCode {
  /** 统一社会信用代码 of the company. */
  readonly holder: string;
  /** Version of the licence, 1 to 999. */
  readonly version: number;
  /** Registered name, for the person's comparison. */
  readonly name: string;
  /** SM3 of the manifest envelope, 64 hexadecimal digits. */
  readonly manifestDigest: string;
  readonly status: StatusReference;
  /** Whole seconds since 1970. */
  readonly issueTime: number;
}

/** Why a text is not one of our licence codes; named as the service names it. */
export type CodeProblem = 'QR_PREFIX' | 'QR_VERSION' | 'QR_NOT_CANONICAL' | 'QR_STRUCTURE';

/** A text that has the form of a licence code: nothing of it may be believed before its signature was checked. */
export interface ReadCode {
  readonly problem: CodeProblem | null;
  readonly envelope: Envelope | null;
  /** Null when there is a problem, or when the envelope holds something else. */
  readonly claims: LicenseCode | null;
}

/** Most characters a code may have. */
export const maxTextLength = 2048;

/** Last second of the year 9999, beyond which no time of ours lies. */
export const lastSecond = 253402300799;

const privateClaim = -65537;

// '1' is not a Base32 character, so it cannot be taken for payload.
const formMark = '1';

/**
 * Finds the envelope and its claims inside a scanned text; the signature is not checked.
 * @param codePrefix Official address in front of every licence code, upper case, ending in "/".
 */
export function readCode(text: string, codePrefix: string): ReadCode {
  const problem = (what: CodeProblem): ReadCode => ({ problem: what, envelope: null, claims: null });
  if (!text.startsWith(codePrefix)) {
    return problem('QR_PREFIX');
  }

  if (text[codePrefix.length] !== formMark) {
    return problem('QR_VERSION');
  }

  if (text.length > maxTextLength) {
    return problem('QR_STRUCTURE');
  }

  const bytes = decodeBase32(text.slice(codePrefix.length + 1));
  if (bytes === null) {
    return problem('QR_NOT_CANONICAL');
  }

  const envelope = Envelope.parse(bytes);
  return envelope === null ? problem('QR_STRUCTURE') : { problem: null, envelope, claims: readClaims(envelope) };
}

// A CWT (RFC 8392): holder (claim 2), time of issue (claim 6), [version, name, manifest digest, status list, status index].
function readClaims(envelope: Envelope): LicenseCode | null {
  return envelope.contentType !== ContentType.LicenseCode ? null : orNull(() => {
    const reader = new CborReader(envelope.payload);
    reader.map(3);
    reader.label(2);
    const holder = reader.text();
    reader.label(6);
    const issueTime = reader.long();
    reader.label(privateClaim);
    reader.array(5);
    const version = reader.int();
    const name = reader.text();
    const manifestDigest = toHex(reader.byteString(32));
    const status = { list: reader.int(), index: reader.int() };
    reader.end();
    if (!isCreditCode(holder) || issueTime < 0 || issueTime > lastSecond || version < 1 || version > 999 || status.list < 0 || status.index < 0) {
      throw new FormError('range');
    }

    return { holder, version, name, manifestDigest, status, issueTime };
  });
}
