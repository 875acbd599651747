import { fromHex, toHex } from './bytes.js';
import { CborReader, CborWriter } from './cbor.js';
import { Sm2Certificate } from './certificate.js';
import { ContentType, Envelope } from './envelope.js';
import { FormError, orNull } from './errors.js';
import { lastSecond, maxTextLength, type StatusReference } from './licenseCode.js';
import { openNeighbours, type NeighbourList } from './neighbours.js';
import { areSound, readPermits, readSeals, writePermits, writeSeals, type PackedPermit, type PackedPermits, type PackedSeals } from './parts.js';
import { comparePlaces, placeBits, placeKey, readGaps } from './places.js';
import { firstSecond, LicenseStatus, StatusList } from './statusList.js';
import { codeKeysOf, requireStatusSigner, statusInvalid, type CodeKeys } from './trust.js';

/** One status list inside a pack. */
export interface PackedList {
  readonly number: number;
  /** Two bits for each place. */
  readonly states: StatusList;
  /** Places of comprehensive licences (行业综合许可证), rising: no list tells the states of their permits. */
  readonly comprehensive: readonly number[];
}

/** What a company whose licence was replaced has now. */
export interface PackedSuccession {
  readonly old: StatusReference;
  readonly version: number;
  readonly name: string;
}

/** The pack for counters without network. Times are seconds since 1970. */
export interface StatusPack {
  /** Rising number of the pack. */
  readonly number: number;
  /** As of when the states hold. */
  readonly producedAt: number;
  /** From when on it says nothing any more. */
  readonly expireTime: number;
  readonly codePrefix: string;
  readonly certificates: readonly Sm2Certificate[];
  /** Key ids of those that sign licence codes. */
  readonly codeSigners: readonly string[];
  /** The signed list of recognised CAs, as it is; empty where there is none. */
  readonly trustList: Uint8Array;
  readonly lists: readonly PackedList[];
  readonly successions: readonly PackedSuccession[];
  /** Null in packs of the first form, which say nothing of seals and permits. */
  readonly seals: readonly PackedSeals[] | null;
  readonly permits: readonly PackedPermits[];
  /** The signed list of neighbouring issuers, as it is; empty where there is none. */
  readonly neighbours: Uint8Array;
}

/** A pack whose signatures were checked, ready to judge codes. */
export interface OpenPack extends StatusPack {
  readonly codeKeys: CodeKeys;
  readonly listByNumber: ReadonlyMap<number, PackedList>;
  readonly successionByPlace: ReadonlyMap<string, PackedSuccession>;
  readonly comprehensivePlaces: ReadonlySet<string>;
  readonly permitsByPlace: ReadonlyMap<string, readonly PackedPermit[]>;
  /** Null where the pack names no neighbours. */
  readonly neighbourList: NeighbourList | null;
}

/** Largest pack that is read, bytes. */
export const maxPackBytes = 256 * 1024 * 1024;

const firstForm = 9;
const secondForm = 12;
const listBytes = ((1 << placeBits) * 2) / 8;
const maxCertificates = 50;
const maxLists = 1000;
const maxName = 500;

/**
 * Opens a pack; whether it has expired is asked at every use.
 * @param roots Roots of the authority, received by a safe way: a pack brings the other certificates along.
 * @throws EidError STATUS_INVALID: not a pack, or not signed by whom it should be, or with code signers that do not lead to a root.
 */
export function openPack(bytes: Uint8Array, roots: readonly Sm2Certificate[]): OpenPack {
  const { envelope, pack } = readPack(bytes);
  const at = pack.producedAt * 1000;
  requireStatusSigner('状态包', envelope, pack.certificates, roots, at);
  const signers = pack.certificates.filter((certificate) => pack.codeSigners.includes(certificate.publicKey.keyId));
  const codeKeys = codeKeysOf(signers, pack.certificates, roots, at, (problem) => statusInvalid('状态包中的证照码签名证书' + problem));
  return arrange(pack, codeKeys, pack.neighbours.length > 0 ? openNeighbours(pack.neighbours, [...pack.certificates, ...roots]) : null);
}

/**
 * Opens a pack of a neighbouring issuer, by the roots that our own pack's list names for it: another's key says nothing of its licences.
 * @throws EidError STATUS_INVALID.
 */
export function openNeighbourPack(bytes: Uint8Array, own: OpenPack): OpenPack {
  const { envelope, pack } = readPack(bytes);
  const neighbour = own.neighbourList?.neighbours.find((one) => one.codePrefix === pack.codePrefix);
  if (neighbour === undefined) {
    throw statusInvalid('其签发机关不在邻区互认名单中');
  }

  requireStatusSigner('状态包', envelope, pack.certificates, neighbour.certificates.filter((certificate) => certificate.isRoot), pack.producedAt * 1000);
  return arrange(pack, neighbour.codeKeys, null);
}

// Arranged to be looked up.
function arrange(pack: StatusPack, codeKeys: CodeKeys, neighbourList: NeighbourList | null): OpenPack {
  return {
    ...pack,
    codeKeys,
    neighbourList,
    listByNumber: new Map(pack.lists.map((list) => [list.number, list])),
    successionByPlace: new Map(pack.successions.map((one) => [placeKey(one.old), one])),
    comprehensivePlaces: comprehensiveOf(pack.lists),
    permitsByPlace: new Map(pack.permits.map((one) => [placeKey(one.place), one.permits])),
  };
}

function comprehensiveOf(lists: readonly PackedList[]): Set<string> {
  return new Set(lists.flatMap((list) => list.comprehensive.map((index) => placeKey({ list: list.number, index }))));
}

/** Reads a pack without judging its signature. @throws EidError STATUS_INVALID. */
export function readPack(bytes: Uint8Array): { envelope: Envelope; pack: StatusPack } {
  const envelope = bytes.length > maxPackBytes ? null : Envelope.parse(bytes);
  const pack = envelope?.contentType === ContentType.StatusPack ? orNull(() => readForm(envelope.payload)) : null;
  if (envelope === null || pack === null) {
    throw statusInvalid('不是状态包，或者残缺');
  }

  return { envelope, pack };
}

// { 1: number, 2: produced, 3: expires, 4: code prefix, 5: [certificate], 6: [key id], 7: trust list,
// 8: [[number, packed states, [gap]]], 9: [[list, index, version, name]] }; each order is the rising one, so there is one spelling.
// The second form has 10: seals, 11: permits, 12: list of neighbours besides.
function readForm(payload: Uint8Array): StatusPack {
  const reader = new CborReader(payload);
  const fields = reader.mapUpTo(secondForm);
  if (fields !== firstForm && fields !== secondForm) {
    throw new FormError('form');
  }

  reader.label(1);
  const number = reader.long();
  reader.label(2);
  const producedAt = reader.long();
  reader.label(3);
  const expireTime = reader.long();
  reader.label(4);
  const codePrefix = reader.text();
  reader.label(5);
  const certificates = readCertificates(reader);
  reader.label(6);
  const codeSigners = readKeyIds(reader);
  reader.label(7);
  const trustList = reader.byteString();
  reader.label(8);
  const lists = reader.items(maxLists, () => {
    reader.array(3);
    return { number: reader.int(), states: new StatusList(2, reader.byteString(listBytes)), comprehensive: readGaps(reader) };
  });
  reader.label(9);
  const successions = reader.items(Number.MAX_SAFE_INTEGER, () => readSuccession(reader));
  const parts = fields === firstForm ? noParts : readParts(reader);
  reader.end();
  const pack = { number, producedAt, expireTime, codePrefix, certificates, codeSigners, trustList, lists, successions, ...parts };
  requireSound(pack);
  return pack;
}

/** What a pack of the first form says of seals, permits and neighbours. */
export const noParts: Pick<StatusPack, 'seals' | 'permits' | 'neighbours'> = { seals: null, permits: [], neighbours: new Uint8Array() };

function readParts(reader: CborReader): typeof noParts {
  reader.label(10);
  const seals = readSeals(reader);
  reader.label(11);
  const permits = readPermits(reader);
  reader.label(12);
  return { seals, permits, neighbours: reader.byteString() };
}

/** Bytes of a pack's content. */
export function writeForm(pack: StatusPack): Uint8Array {
  const writer = new CborWriter().map(pack.seals === null ? firstForm : secondForm).number(1).number(pack.number).number(2).number(pack.producedAt).number(3).number(pack.expireTime).number(4).text(pack.codePrefix);
  writer.number(5).items(pack.certificates, (certificate) => writer.byteString(certificate.der));
  writer.number(6).items(pack.codeSigners, (id) => writer.byteString(fromHex(id)));
  writer.number(7).byteString(pack.trustList);
  writer.number(8).items(pack.lists, (list) => {
    let last = -1;
    writer.array(3).number(list.number).byteString(list.states.packed).items(list.comprehensive, (place) => {
      writer.number(place - last);
      last = place;
    });
  });
  writer.number(9).items(pack.successions, (one) => writer.array(4).number(one.old.list).number(one.old.index).number(one.version).text(one.name));
  if (pack.seals !== null) {
    writeSeals(writer.number(10), pack.seals);
    writePermits(writer.number(11), pack.permits);
    writer.number(12).byteString(pack.neighbours);
  }

  return writer.finish();
}

export function readCertificates(reader: CborReader): Sm2Certificate[] {
  return reader.items(maxCertificates, () => Sm2Certificate.parse(reader.byteString()));
}

export function readKeyIds(reader: CborReader): string[] {
  return reader.items(maxCertificates, () => toHex(reader.byteString(8)));
}

export function readSuccession(reader: CborReader): PackedSuccession {
  reader.array(4);
  return { old: { list: reader.int(), index: reader.int() }, version: reader.int(), name: reader.text() };
}

// Whether the parts fit each other: rising orders, code signers among the certificates, successions of replaced licences alone.
function requireSound(pack: StatusPack): void {
  const ids = new Set(pack.certificates.map((certificate) => certificate.publicKey.keyId));
  const states = new Map<number, StatusList>();
  let isSound =
    pack.number >= 1 && pack.expireTime > pack.producedAt && pack.producedAt >= firstSecond && pack.expireTime <= lastSecond &&
    pack.codePrefix.endsWith('/') && pack.codePrefix.length <= maxTextLength &&
    ids.size === pack.certificates.length && new Set(pack.codeSigners).size === pack.codeSigners.length && pack.codeSigners.every((id) => ids.has(id));
  let last = -1;
  for (const list of pack.lists) {
    isSound &&= list.number > last;
    states.set((last = list.number), list.states);
  }

  let before: StatusReference = { list: -1, index: -1 };
  for (const { old, version, name } of pack.successions) {
    isSound &&=
      comparePlaces(old, before) > 0 && old.index >= 0 && old.index < 1 << placeBits && version >= 2 && version <= 999 && name.length > 0 && name.length <= maxName &&
      states.get(old.list)?.at(old.index) === LicenseStatus.Superseded;
    before = old;
  }

  isSound &&= areSound(pack.seals ?? [], pack.permits, states, comprehensiveOf(pack.lists));
  if (!isSound) {
    throw new FormError('unsound');
  }
}
