import { readCode, type LicenseCode } from './licenseCode.js';
import type { Neighbour } from './neighbours.js';
import type { OpenPack, PackedSuccession } from './pack.js';
import type { PackedPermit } from './parts.js';
import { placeKey } from './places.js';
import { LicenseStatus } from './statusList.js';
import { signatureProblem, type CodeKeys } from './trust.js';
import { readTypedCode } from './typedCode.js';

/** Conclusions; a pack never says more than it knows, so CANCELLED, EXPIRED and the like come from the service alone. */
export type Verdict = 'VALID' | 'SUSPENDED' | 'SUPERSEDED' | 'REVOKED' | 'BAD_SIGNATURE' | 'NOT_OURS' | 'MALFORMED' | 'UNKNOWN';

/** Machine reason behind a verdict; empty where it is VALID. */
export type Reason =
  | '' | 'QR_PREFIX' | 'QR_VERSION' | 'QR_NOT_CANONICAL' | 'QR_STRUCTURE' | 'TYPED_CODE_CHECK' | 'KEY_UNKNOWN' | 'KEY_PURPOSE' | 'SIGNATURE_INVALID'
  | 'SUSPENDED' | 'SUPERSEDED' | 'LISTED_INVALID' | 'REGISTER_NOT_ASKED' | 'LIVE_CODE_ONLINE' | 'YOUNGER_THAN_STATES' | 'PERMITS_NOT_LISTED' | 'STATE_TOO_OLD' | 'CLOCKS_APART'
  | 'NEIGHBOUR_LIST_EXPIRED' | 'NEIGHBOUR_PERIOD' | 'NEIGHBOUR_REGION' | 'NEIGHBOUR_STATE_UNKNOWN';

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
  /** The permits of a comprehensive licence, each with its state; empty for a business licence. */
  readonly permits: readonly PackedPermit[];
  /** The neighbouring issuer whose code it is; null for our own. */
  readonly neighbour: Neighbour | null;
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

// Stands in a live code where a licence code has its form.
const liveMark = '8';

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

  if (claims === null) {
    return { verdict: 'MALFORMED', reason: 'QR_STRUCTURE', claims: null };
  }

  // A key is ours in the time of its certificate: what it signed then counts for ever, what it signs outside of it never did.
  const key = trust.codeKeys.get(envelope.keyId)!;
  const issued = claims.issueTime * 1000;
  return issued >= key.notBefore && issued <= key.notAfter ? { verdict: null, reason: '', claims } : { verdict: 'NOT_OURS', reason: 'KEY_UNKNOWN', claims: null };
}

/**
 * Judges a scanned or typed text without the service. With an opened pack the answer is the state as of the pack; without one
 * it is never better than UNKNOWN. A pack that has expired is no pack.
 * @param now Milliseconds since 1970, by which the pack expires.
 * @param neighbourPacks Packs of neighbouring issuers, opened by openNeighbourPack.
 */
export function judgeOffline(text: string, by: OpenPack | CodeTrust, now: number, neighbourPacks: readonly OpenPack[] = []): OfflineAnswer {
  // 1. A typed code is a number and carries no signature; mistyping is all that can be noticed.
  const isOurs = text.startsWith(by.codePrefix);
  const typed = isOurs ? 'none' : readTypedCode(text);
  if (typed !== 'none') {
    return typed === 'sound' ? answerOf('UNKNOWN', 'REGISTER_NOT_ASKED') : answerOf('MALFORMED', 'TYPED_CODE_CHECK');
  }

  // A live code says nothing by itself, and only the register knows whether it was used.
  if (isOurs && text.startsWith(liveMark, by.codePrefix.length)) {
    return answerOf('UNKNOWN', 'LIVE_CODE_ONLINE');
  }

  // 2. A neighbour's.
  const own = 'producedAt' in by ? by : null;
  const list = own?.neighbourList;
  const neighbour = isOurs ? undefined : list?.neighbours.find((one) => text.startsWith(one.codePrefix));
  if (own && list && neighbour) {
    const isListInForce = now / 1000 < list.nextUpdate && now / 1000 >= list.issueTime - clockTolerance;
    const answer = isListInForce ? judgeForeign(text, neighbour, own, now, neighbourPacks) : answerOf('UNKNOWN', 'NEIGHBOUR_LIST_EXPIRED');
    return { ...answer, neighbour };
  }

  // 3. Signature.
  const { verdict, reason, claims } = verifyCode(text, by);
  if (claims === null) {
    return answerOf(verdict ?? 'UNKNOWN', reason);
  }

  // 4. The state at its place.
  return 'producedAt' in by ? fromPack(claims, by, now) : answerOf('UNKNOWN', 'REGISTER_NOT_ASKED', claims);
}

// A neighbour's key counts behind its own address alone, and for its own divisions alone.
function judgeForeign(text: string, neighbour: Neighbour, own: OpenPack, now: number, packs: readonly OpenPack[]): OfflineAnswer {
  const { verdict, reason, claims } = verifyCode(text, neighbour);
  if (claims === null) {
    return answerOf(verdict ?? 'UNKNOWN', reason);
  }

  if (now / 1000 < neighbour.from || now / 1000 > neighbour.to) {
    return answerOf('NOT_OURS', 'NEIGHBOUR_PERIOD');
  }

  if (!neighbour.regions.some((region) => claims.holder.startsWith(region, 2))) {
    return answerOf('NOT_OURS', 'NEIGHBOUR_REGION');
  }

  // Whom we believe stands in our own pack: from its end on that is not known either.
  const ended = packProblem(own, now);
  if (ended !== null) {
    return answerOf('UNKNOWN', ended, claims);
  }

  const theirs = packs.find((pack) => pack.codePrefix === neighbour.codePrefix);
  return theirs === undefined ? answerOf('UNKNOWN', 'NEIGHBOUR_STATE_UNKNOWN', claims) : fromPack(claims, theirs, now);
}

function fromPack(claims: LicenseCode, pack: OpenPack, now: number): OfflineAnswer {
  // 1. Whether the pack may be asked now.
  const ended = packProblem(pack, now);
  if (ended !== null) {
    return answerOf('UNKNOWN', ended, claims);
  }

  // 2. What it says.
  const [verdict, reason] = stateOf(claims, pack);
  return {
    verdict, reason, claims, statusAsOf: pack.producedAt, neighbour: null, permits: pack.permitsByPlace.get(placeKey(claims.status)) ?? [],
    successor: verdict === 'SUPERSEDED' ? (pack.successionByPlace.get(placeKey(claims.status)) ?? null) : null,
  };
}

// Why nothing may be asked of a pack now: from its end on it says nothing.
function packProblem(pack: OpenPack, now: number): 'STATE_TOO_OLD' | 'CLOCKS_APART' | null {
  const seconds = now / 1000;
  return !(seconds < pack.expireTime) ? 'STATE_TOO_OLD' : seconds < pack.producedAt - clockTolerance ? 'CLOCKS_APART' : null;
}

function stateOf(claims: LicenseCode, pack: OpenPack): [Verdict, Reason] {
  const place = placeKey(claims.status);
  switch (pack.listByNumber.get(claims.status.list)?.states.at(claims.status.index)) {
    case LicenseStatus.Valid:
      return pack.comprehensivePlaces.has(place) && !pack.permitsByPlace.has(place) ? ['UNKNOWN', 'PERMITS_NOT_LISTED'] : ['VALID', ''];
    case LicenseStatus.Suspended:
      return ['SUSPENDED', 'SUSPENDED'];
    case LicenseStatus.Superseded:
      return ['SUPERSEDED', 'SUPERSEDED'];
    default:
      // What was issued when the pack was made, or later, stands in it as never issued.
      return claims.issueTime >= pack.producedAt - timeToRegister ? ['UNKNOWN', 'YOUNGER_THAN_STATES'] : ['REVOKED', 'LISTED_INVALID'];
  }
}

function answerOf(verdict: Verdict, reason: Reason, claims: LicenseCode | null = null): OfflineAnswer {
  return { verdict, reason, claims, statusAsOf: null, successor: null, permits: [], neighbour: null };
}
