import { CborReader } from './cbor.js';
import { toHex } from './bytes.js';
import { chainProblem, chainProblemInItsTime, Sm2Certificate } from './certificate.js';
import { ContentType, Envelope } from './envelope.js';
import { EidError, FormError, orNull } from './errors.js';
import { lastSecond, maxTextLength } from './licenseCode.js';
import { firstSecond } from './statusList.js';
import type { CodeKeys } from './trust.js';

/** A neighbouring issuer whose licence codes are recognised. Times are seconds since 1970. */
export interface Neighbour {
  /** Six digits (GB/T 2260). */
  readonly division: string;
  readonly name: string;
  /** Leading digits of the divisions for whose companies it may vouch. */
  readonly regions: readonly string[];
  readonly codePrefix: string;
  readonly certificates: readonly Sm2Certificate[];
  readonly codeKeys: CodeKeys;
  readonly source: string;
  readonly from: number;
  readonly to: number;
}

/** 邻区互认名单; from its next update on it recognises nobody. */
export interface NeighbourList {
  readonly number: number;
  readonly issueTime: number;
  readonly nextUpdate: number;
  readonly neighbours: readonly Neighbour[];
}

const maxNeighbours = 200;
const maxCertificates = 20;
const maxRegions = 100;
const maxName = 100;
const maxTlsBytes = 8192;

/**
 * Opens a signed list; whether it has expired is asked at every use.
 * @param certificates Certificates of our authority: roots, those between, and that of the signer.
 * @throws EidError TRUST_LIST_INVALID.
 */
export function openNeighbours(bytes: Uint8Array, certificates: readonly Sm2Certificate[]): NeighbourList {
  // 1. Signed by the key for lists, under our root.
  const envelope = Envelope.parse(bytes);
  if (envelope?.contentType !== ContentType.NeighbourList) {
    throw invalid('不是邻区互认名单');
  }

  const signer = certificates.find((certificate) => certificate.publicKey.keyId === envelope.keyId);
  if (signer === undefined || !envelope.verify(signer.publicKey) || !signer.maySignTrustLists) {
    throw invalid('邻区互认名单的签名不正确，或其密钥不允许签发名单');
  }

  // 2. Its content, and the signer's path at the time of issue.
  const list = orNull(() => readList(envelope.payload));
  if (list === null) {
    throw invalid('邻区互认名单的内容无法解读');
  }

  const problem = chainProblem(signer, certificates, certificates.filter((certificate) => certificate.isRoot), list.issueTime * 1000);
  if (problem !== '') {
    throw invalid('邻区互认名单签发者证书' + problem);
  }

  // 3. What an address leads to must be one neighbour and no other.
  const prefixes = list.neighbours.map((one) => one.codePrefix);
  if (prefixes.some((one, i) => prefixes.some((other, j) => i !== j && other.startsWith(one)))) {
    throw invalid('邻区的官方网址不能区分');
  }

  return list;
}

// { 1: number, 2: issued, 3: next update, 4: [[division, name, [region], code prefix, [certificate], [key id], source, TLS CA, from, to]] }
function readList(payload: Uint8Array): NeighbourList {
  const reader = new CborReader(payload);
  reader.map(4);
  reader.label(1);
  const number = reader.long();
  reader.label(2);
  const issueTime = readTime(reader);
  reader.label(3);
  const nextUpdate = readTime(reader);
  reader.label(4);
  const neighbours = reader.items(maxNeighbours, () => readNeighbour(reader, issueTime));
  reader.end();
  return { number, issueTime, nextUpdate, neighbours };
}

function readNeighbour(reader: CborReader, issueTime: number): Neighbour {
  reader.array(10);
  const division = reader.text();
  const name = reader.text();
  const regions = reader.items(maxRegions, () => reader.text());
  const codePrefix = reader.text();
  const certificates = reader.items(maxCertificates, () => Sm2Certificate.parse(reader.byteString()));
  const codeSigners = reader.items(maxCertificates, () => toHex(reader.byteString(8)));
  const source = reader.text();
  const tlsAuthority = reader.byteString();
  const [from, to] = [readTime(reader), readTime(reader)];
  if (!/^[0-9]{6}$/.test(division) || name.length === 0 || name.length > maxName || regions.length === 0 || !regions.every((region) => /^[0-9]{2,6}$/.test(region))
    || !codePrefix.startsWith('HTTPS://') || !codePrefix.endsWith('/') || codePrefix.length > maxTextLength / 2 || urlOf(codePrefix) === null || tlsAuthority.length > maxTlsBytes || from >= to
    || !isSource(source, tlsAuthority, certificates)) {
    throw new FormError('neighbour');
  }

  return { division, name, regions, codePrefix, certificates, codeKeys: keysOf(codeSigners, certificates, issueTime), source, from, to };
}

// Signers of codes alone, each with its path to a root of that neighbour.
function keysOf(codeSigners: readonly string[], certificates: readonly Sm2Certificate[], issueTime: number): CodeKeys {
  const roots = certificates.filter((certificate) => certificate.isRoot);
  const keys = new Map(codeSigners.map((id) => {
    const signer = certificates.find((certificate) => certificate.publicKey.keyId === id);
    if (signer === undefined || !signer.maySignCodes || signer.isAuthority || chainProblemInItsTime(signer, certificates, roots, issueTime * 1000) !== '') {
      throw new FormError('code signer');
    }

    return [id, signer];
  }));
  if (keys.size !== codeSigners.length || keys.size === 0) {
    throw new FormError('code signers');
  }

  return keys;
}

function isSource(source: string, tlsAuthority: Uint8Array, certificates: readonly Sm2Certificate[]): boolean {
  const url = urlOf(source);
  return source === '' || (url !== null && certificates.some((certificate) => certificate.maySignStatus)
    && (url.protocol === 'https:' ? tlsAuthority.length > 0 : url.protocol === 'http:' && tlsAuthority.length === 0 && /^(localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname)));
}

function urlOf(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function readTime(reader: CborReader): number {
  const seconds = reader.long();
  if (seconds < firstSecond || seconds > lastSecond) {
    throw new FormError('time');
  }

  return seconds;
}

function invalid(message: string): EidError {
  return new EidError('TRUST_LIST_INVALID', message);
}
