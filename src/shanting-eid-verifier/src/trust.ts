import { chainProblem, chainProblemInItsTime, parsePem, type Sm2Certificate } from './certificate.js';
import { ContentType, type Envelope } from './envelope.js';
import { EidError } from './errors.js';

/** Keys that sign licence codes and nothing else, by key id. */
export type CodeKeys = ReadonlyMap<string, Sm2Certificate>;

/** The authority's certificates, received by a safe way and not from the line on which the signatures come. */
export interface Trust {
  readonly roots: readonly Sm2Certificate[];
  readonly codeKeys: CodeKeys;
}

/**
 * From PEM texts.
 * @param authorityPem Root and the CAs under it.
 * @param codeSignersPem Signers of licence codes, former ones among them; empty where a pack brings them along.
 * @param now Milliseconds since 1970, when the code signers are judged; one whose time is over, or has not come, at the nearest instant of its own.
 * @throws EidError CERTIFICATE_INVALID: no root among them, or a signer that does not lead to it.
 */
export function readTrust(authorityPem: string, codeSignersPem: string, now: number): Trust {
  const authority = parsePem(authorityPem);
  const roots = authority.filter((certificate) => certificate.isRoot);
  if (roots.length === 0) {
    throw new EidError('CERTIFICATE_INVALID', '其中没有自签名的 SM2 根证书');
  }

  return { roots, codeKeys: codeKeysOf(parsePem(codeSignersPem), authority, roots, now, (problem) => new EidError('CERTIFICATE_INVALID', '证照码签名证书' + problem)) };
}

/** The keys of certificates that may sign codes, each with its path to a root; those of predecessors too, whose time may be over. */
export function codeKeysOf(
  signers: readonly Sm2Certificate[], between: readonly Sm2Certificate[], roots: readonly Sm2Certificate[], at: number, failed: (problem: string) => EidError,
): CodeKeys {
  const keys = new Map<string, Sm2Certificate>();
  for (const signer of signers) {
    const problem = signer.maySignCodes ? chainProblemInItsTime(signer, between, roots, at) : `（${signer.commonName}）不允许签发证照码`;
    if (problem !== '') {
      throw failed(problem);
    }

    keys.set(signer.publicKey.keyId, signer);
  }

  return keys;
}

/** Why the signature of a code cannot be relied on; null when it can. Key and content must both be for licence codes. */
export function signatureProblem(envelope: Envelope, keys: CodeKeys): 'KEY_UNKNOWN' | 'KEY_PURPOSE' | 'SIGNATURE_INVALID' | null {
  const key = keys.get(envelope.keyId);
  return key === undefined ? 'KEY_UNKNOWN' : envelope.contentType !== ContentType.LicenseCode ? 'KEY_PURPOSE' : envelope.verify(key.publicKey) ? null : 'SIGNATURE_INVALID';
}

/**
 * Refuses an envelope that no key for states under a trusted root signed.
 * @throws EidError STATUS_INVALID.
 */
export function requireStatusSigner(
  what: string, envelope: Envelope, certificates: readonly Sm2Certificate[], roots: readonly Sm2Certificate[], at: number,
): void {
  const signer = certificates.find((certificate) => certificate.publicKey.keyId === envelope.keyId);
  if (signer === undefined) {
    throw statusInvalid(`没有${what}签名密钥 ${envelope.keyId} 的证书`);
  }

  if (!signer.maySignStatus) {
    throw statusInvalid(`证书（${signer.commonName}）不允许签发证照状态`);
  }

  if (!envelope.verify(signer.publicKey)) {
    throw statusInvalid(`${what}的签名不正确`);
  }

  const problem = chainProblem(signer, certificates, roots, at);
  if (problem !== '') {
    throw statusInvalid(`${what}签发者证书${problem}`);
  }
}

/** The error of everything about lists and packs that cannot be believed. */
export function statusInvalid(message: string): EidError {
  return new EidError('STATUS_INVALID', message);
}
