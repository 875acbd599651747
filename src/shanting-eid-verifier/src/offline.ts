import { readCode, type LicenseCode } from './licenseCode.js';
import { placeKey, type OpenPack, type PackedSuccession } from './pack.js';
import { LicenseStatus } from './statusList.js';
import { signatureProblem, type CodeKeys } from './trust.js';
import { readTypedCode } from './typedCode.js';

/** Conclusions; a pack never says more than it knows, so CANCELLED, EXPIRED and the like come from the service alone. */
export type Verdict = 'VALID' | 'SUSPENDED' | 'SUPERSEDED' | 'REVOKED' | 'BAD_SIGNATURE' | 'NOT_OURS' | 'MALFORMED' | 'UNKNOWN';

/** Machine reason behind a verdict; empty where it is VALID. */
export type Reason =
  | '' | 'QR_PREFIX' | 'QR_VERSION' | 'QR_NOT_CANONICAL' | 'QR_STRUCTURE' | 'TYPED_CODE_CHECK' | 'KEY_UNKNOWN' | 'KEY_PURPOSE' | 'SIGNATURE_INVALID'
  | 'SUSPENDED' | 'SUPERSEDED' | 'LISTED_INVALID' | 'REGISTER_NOT_ASKED' | 'YOUNGER_THAN_STATES' | 'PERMITS_NOT_LISTED' | 'STATE_TOO_OLD' | 'CLOCKS_APART';

/** What can be said about a code without the service. */
export interface OfflineAnswer {
  readonly verdict: Verdict;
  readonly reason: Reason;
  /** Company, name and version as signed; null unless the signature is good. */
  readonly claims: LicenseCode | null;
  /** When the pack's states held, seconds since 1970; null where none was consulted. */
  readonly statusAsOf: number | null;
  /** What the company has by then; null unless superseded. */
  readonly successor: PackedSuccession | null;
}

/** The keys and the address by which codes are judged. An opened pack is one. */
export interface CodeTrust {
  readonly codeKeys: CodeKeys;
  /** Official address in front of every licence code, upper case, ending in "/". */
  readonly codePrefix: string;
}

/** What the signature alone says. */
export interface CodeVerdict {
  /** Null when the signature is good: then the state is still to be asked for. */
  readonly verdict: 'NOT_OURS' | 'MALFORMED' | 'BAD_SIGNATURE' | null;
  readonly reason: Reason;
  readonly claims: LicenseCode | null;
}

// A clock a little behind is no reason to refuse; one that is before the pack was made cannot tell whether it has expired.
const clockTolerance = 5 * 60;

// From the time on a licence until the register knows it.
const timeToRegister = 60;

/** Checks the form and the signature of a scanned text. A good signature alone never makes a licence valid. */
export function verifyCode(text: string, trust: CodeTrust): CodeVerdict {
  const { problem, envelope, claims } = readCode(text, trust.codePrefix);
  if (envelope === null) {
    return { verdict: problem === 'QR_PREFIX' ? 'NOT_OURS' : 'MALFORMED', reason: problem ?? 'QR_STRUCTURE', claims: null };
  }

  const reason = signatureProblem(envelope, trust.codeKeys);
  if (reason !== null) {
    return { verdict: reason === 'KEY_UNKNOWN' ? 'NOT_OURS' : 'BAD_SIGNATURE', reason, claims: null };
  }

  return claims === null ? { verdict: 'MALFORMED', reason: 'QR_STRUCTURE', claims: null } : { verdict: null, reason: '', claims };
}

/**
 * Judges a scanned or typed text without the service. With an opened pack the answer is the state as of the pack; without one
 * it is never better than UNKNOWN. A pack that has expired is no pack.
 * @param now Milliseconds since 1970, by which the pack expires.
 */
export function judgeOffline(text: string, by: OpenPack | CodeTrust, now: number): OfflineAnswer {
  const answer = (verdict: Verdict, reason: Reason, claims: LicenseCode | null = null): OfflineAnswer => ({ verdict, reason, claims, statusAsOf: null, successor: null });

  // 1. A typed code is a number and carries no signature; mistyping is all that can be noticed.
  const typed = text.startsWith(by.codePrefix) ? 'none' : readTypedCode(text);
  if (typed !== 'none') {
    return typed === 'sound' ? answer('UNKNOWN', 'REGISTER_NOT_ASKED') : answer('MALFORMED', 'TYPED_CODE_CHECK');
  }

  // 2. Signature.
  const { verdict, reason, claims } = verifyCode(text, by);
  if (claims === null) {
    return answer(verdict ?? 'UNKNOWN', reason);
  }

  if (!('producedAt' in by)) {
    return answer('UNKNOWN', 'REGISTER_NOT_ASKED', claims);
  }

  // 3. Whether the pack may be asked now: from its end on it says nothing.
  const seconds = now / 1000;
  if (!(seconds < by.expireTime)) {
    return answer('UNKNOWN', 'STATE_TOO_OLD', claims);
  }

  if (seconds < by.producedAt - clockTolerance) {
    return answer('UNKNOWN', 'CLOCKS_APART', claims);
  }

  // 4. The state at its place.
  const [state, why] = stateOf(claims, by);
  return { verdict: state, reason: why, claims, statusAsOf: by.producedAt, successor: state === 'SUPERSEDED' ? (by.successionByPlace.get(placeKey(claims.status)) ?? null) : null };
}

function stateOf(claims: LicenseCode, pack: OpenPack): [Verdict, Reason] {
  switch (pack.listByNumber.get(claims.status.list)?.states.at(claims.status.index)) {
    case LicenseStatus.Valid:
      return pack.comprehensivePlaces.has(placeKey(claims.status)) ? ['UNKNOWN', 'PERMITS_NOT_LISTED'] : ['VALID', ''];
    case LicenseStatus.Suspended:
      return ['SUSPENDED', 'SUSPENDED'];
    case LicenseStatus.Superseded:
      return ['SUPERSEDED', 'SUPERSEDED'];
    default:
      // What was issued when the pack was made, or later, stands in it as never issued.
      return claims.issueTime >= pack.producedAt - timeToRegister ? ['UNKNOWN', 'YOUNGER_THAN_STATES'] : ['REVOKED', 'LISTED_INVALID'];
  }
}
