import { sameBytes } from './bytes.js';
import { DerReader, tag } from './der.js';
import { EidError, FormError } from './errors.js';
import { signatureOfDer, Sm2PublicKey } from './sm2.js';

const signatureOid = '1.2.156.10197.1.501'; // SM2 with SM3
const commonNameOid = '2.5.4.3';
const basicConstraintsOid = '2.5.29.19';
const keyUsageOid = '2.5.29.15';
const extendedUsageOid = '2.5.29.37';

// What a key of ours is certified for, of the arc that needs no registration (X.667).
const receiptSigningOid = '2.25.65288763899780296317932659419482542289';
const trustListSigningOid = '2.25.12310161888429770875500679192914181071';
const statusEntryOid = '2.25.142446784825145639155596115693394489087'; // Where its state stands in a status list.
const statusSigningOid = '2.25.228518215549495242194286571153614500452';

// keyUsage, bits of the first byte.
const signs = 0xc0; // digitalSignature and nonRepudiation
const signsCertificates = 0x04;
const maxDepth = 6;

interface Extensions {
  isAuthority: boolean;
  endsChain: boolean;
  usage: number;
  extendedUses: string[];
  isForExtendedUsesOnly: boolean;
  demandsUnknown: boolean;
}

/** An X.509 v3 certificate signed with SM2 with SM3 (GB/T 20518), parsed once. */
export class Sm2Certificate {
  readonly publicKey: Sm2PublicKey;
  /** First CN of the subject, for people. */
  readonly commonName: string;
  /** Both ends of validity, milliseconds since 1970, included. */
  readonly notBefore: number;
  readonly notAfter: number;

  private readonly signedPart: Uint8Array;
  private readonly signature: Uint8Array;
  private readonly issuerName: Uint8Array;
  private readonly subjectName: Uint8Array;
  private readonly extensions: Extensions;
  private knownIssuer: Sm2Certificate | undefined;

  private constructor(readonly der: Uint8Array) {
    // 1. Certificate ::= SEQUENCE { signed part, algorithm, signature }.
    const whole = new DerReader(der);
    const outer = whole.enter(tag.sequence);
    whole.end();
    this.signedPart = outer.element();
    requireAlgorithm(outer);
    const { bytes, unused } = outer.bitString();
    outer.end();
    const signature = unused === 0 ? signatureOfDer(bytes) : null;
    if (signature === null) {
      throw new FormError('signature');
    }

    this.signature = signature;

    // 2. The signed part, RFC 5280 §4.1; the algorithm inside must be the one outside.
    const fields = new DerReader(this.signedPart).enter(tag.sequence);
    const version = fields.enter(0xa0);
    if (version.positiveInteger()[0] !== 2) {
      throw new FormError('version');
    }

    version.end();
    fields.content(tag.integer);
    requireAlgorithm(fields);
    this.issuerName = fields.element();
    const validity = fields.enter(tag.sequence);
    this.notBefore = validity.time();
    this.notAfter = validity.time();
    validity.end();
    this.subjectName = fields.element();
    this.commonName = commonName(this.subjectName);
    this.publicKey = new Sm2PublicKey(fields.element());
    this.extensions = readExtensions(fields);
    fields.end();
  }

  /** @throws EidError CERTIFICATE_INVALID or PUBLIC_KEY_INVALID. */
  static parse(der: Uint8Array): Sm2Certificate {
    try {
      return new Sm2Certificate(der.slice());
    } catch (error) {
      throw error instanceof FormError ? new EidError('CERTIFICATE_INVALID', '证书不是合规的 SM2 X.509 DER') : error;
    }
  }

  /** Whether the key signs licence codes: it signs, and is not certified for something else of ours. */
  get maySignCodes(): boolean {
    const { isForExtendedUsesOnly, extendedUses } = this.extensions;
    return this.hasSigningUsage && !isForExtendedUsesOnly && ![receiptSigningOid, trustListSigningOid, statusSigningOid].some((use) => extendedUses.includes(use));
  }

  /** Whether the key signs states of licences, in lists and packs. */
  get maySignStatus(): boolean {
    return this.hasSigningUsage && this.extensions.extendedUses.includes(statusSigningOid);
  }

  /** Whether the key signs lists of whom else we believe. */
  get maySignTrustLists(): boolean {
    return this.hasSigningUsage && this.extensions.extendedUses.includes(trustListSigningOid);
  }

  /** Whether it may issue certificates. */
  get isAuthority(): boolean {
    return this.extensions.isAuthority;
  }

  get isRoot(): boolean {
    return this.isIssuedBy(this);
  }

  /**
   * Names match, the issuer is an authority that may sign certificates, and the signature is good. A critical extension that is
   * not understood here (RFC 5280 4.2), or an authority under one that allows none (4.2.1.9), is refused.
   */
  isIssuedBy(issuer: Sm2Certificate): boolean {
    if (this.knownIssuer === issuer) {
      return true;
    }

    const isIssued =
      sameBytes(this.issuerName, issuer.subjectName) &&
      issuer.extensions.isAuthority &&
      (issuer.extensions.usage & signsCertificates) !== 0 &&
      !this.extensions.demandsUnknown &&
      !issuer.extensions.demandsUnknown &&
      !(this.extensions.isAuthority && issuer.extensions.endsChain) &&
      issuer.publicKey.verify(this.signedPart, this.signature);
    if (isIssued) {
      this.knownIssuer = issuer;
    }

    return isIssued;
  }

  private get hasSigningUsage(): boolean {
    return (this.extensions.usage & signs) === signs;
  }
}

/** Certificates of a PEM text, in its order. */
export function parsePem(pem: string): Sm2Certificate[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)].map((found) => {
    const base64 = (found[1] ?? '').replace(/\s/g, '');
    try {
      return Sm2Certificate.parse(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
    } catch (error) {
      throw error instanceof EidError ? error : new EidError('CERTIFICATE_INVALID', '证书不是合规的 PEM');
    }
  });
}

/** What is wrong with the path to a trusted root at that instant (milliseconds), or "". */
export function chainProblem(leaf: Sm2Certificate, between: readonly Sm2Certificate[], roots: readonly Sm2Certificate[], at: number): string {
  let current = between.find((known) => sameBytes(known.der, leaf.der)) ?? leaf;
  for (let depth = 0; depth < maxDepth; depth++) {
    if (at < current.notBefore || at > current.notAfter) {
      return `（${current.commonName}）不在有效期内`;
    }

    // A root is trusted by its whole bytes, not by its name.
    const { der } = current;
    if (roots.some((root) => sameBytes(root.der, der))) {
      return '';
    }

    const child = current;
    const issuer = [...roots, ...between].find((candidate) => child.isIssuedBy(candidate));
    if (issuer === undefined || issuer === current) {
      return `（${current.commonName}）不能链接到受信任的根`;
    }

    current = issuer;
  }

  return '的证书链过长';
}

/**
 * The same for a key whose signatures outlive it: one whose time is over, or has not come, is judged at the nearest instant of its own time. What it signed
 * counts by when it was signed, which is for who reads that to ask.
 */
export function chainProblemInItsTime(leaf: Sm2Certificate, between: readonly Sm2Certificate[], roots: readonly Sm2Certificate[], at: number): string {
  return chainProblem(leaf, between, roots, Math.min(Math.max(at, leaf.notBefore), leaf.notAfter));
}

// Parameters absent or NULL: both occur in one real chain.
function requireAlgorithm(reader: DerReader): void {
  const algorithm = reader.enter(tag.sequence);
  if (algorithm.oid() !== signatureOid) {
    throw new FormError('algorithm');
  }

  if (algorithm.hasData && algorithm.content(tag.null).length > 0) {
    throw new FormError('algorithm');
  }

  algorithm.end();
}

function commonName(name: Uint8Array): string {
  const parts = new DerReader(name).enter(tag.sequence);
  let found = '';
  while (parts.hasData) {
    const part = parts.enter(tag.set);
    while (part.hasData) {
      const attribute = part.enter(tag.sequence);
      const type = attribute.oid();
      const value = attribute.content(attribute.nextTag);
      attribute.end();
      found ||= type === commonNameOid ? new TextDecoder().decode(value) : '';
    }
  }

  return found;
}

function readExtensions(fields: DerReader): Extensions {
  const found: Extensions = { isAuthority: false, endsChain: false, usage: 0, extendedUses: [], isForExtendedUsesOnly: false, demandsUnknown: false };
  if (!fields.hasData) {
    return found;
  }

  const wrapper = fields.enter(0xa3);
  const list = wrapper.enter(tag.sequence);
  wrapper.end();
  const critical: string[] = [];
  const seen = new Set<string>();
  while (list.hasData) {
    const extension = list.enter(tag.sequence);
    const oid = extension.oid();
    const isCritical = extension.nextTag === tag.boolean && extension.boolean();
    const value = extension.enter(tag.octetString);
    extension.end();
    if (seen.has(oid)) {
      throw new FormError('extension twice');
    }

    seen.add(oid);
    if (isCritical) {
      critical.push(oid);
    }

    readExtension(oid, value, isCritical, found);
  }

  const known = [basicConstraintsOid, keyUsageOid, ...(found.isAuthority ? [] : [extendedUsageOid])]; // Of an authority's extended uses nothing is made here.
  found.demandsUnknown = critical.some((oid) => !known.includes(oid));
  return found;
}

function readExtension(oid: string, value: DerReader, isCritical: boolean, found: Extensions): void {
  if (oid === basicConstraintsOid) {
    const constraints = value.enter(tag.sequence);
    found.isAuthority = constraints.nextTag === tag.boolean && constraints.boolean();
    found.endsChain = constraints.hasData && constraints.positiveInteger().length === 0;
    constraints.end();
  } else if (oid === keyUsageOid) {
    found.usage = value.bitString().bytes[0] ?? 0;
  } else if (oid === extendedUsageOid) {
    const uses = value.enter(tag.sequence);
    while (uses.hasData) {
      found.extendedUses.push(uses.oid());
    }

    found.isForExtendedUsesOnly = isCritical;
  } else if (oid === statusEntryOid) {
    const entry = value.enter(tag.sequence);
    const address = entry.content(tag.utf8String);
    if (address.length === 0 || entry.positiveInteger().length > 4) {
      throw new FormError('status entry');
    }

    entry.end();
  } else {
    return;
  }

  value.end();
}
