import { sameBytes } from './bytes.js';
import { CborReader } from './cbor.js';
import { ContentType, Envelope } from './envelope.js';
import { EidError, FormError } from './errors.js';
import type { StatusReference } from './licenseCode.js';
import { noParts, readCertificates, readKeyIds, readPack, readSuccession, writeForm, type PackedList, type PackedSuccession, type StatusPack } from './pack.js';
import { readPermits, readSealChanges } from './parts.js';
import { comparePlaces, placeBits, placeKey, readGaps, readPlace } from './places.js';
import { signatureOfRaw, sm3 } from './sm2.js';
import { StatusList } from './statusList.js';
import { statusInvalid } from './trust.js';

/**
 * The later pack, to the byte, of which nothing may be believed before openPack has judged it: a delta carries that pack's own
 * signature and no other.
 * @throws EidError STATUS_INVALID: no delta, or one for another pack.
 */
export function applyDelta(pack: Uint8Array, delta: Uint8Array): Uint8Array {
  const { pack: before } = readPack(pack);
  try {
    const reader = new CborReader(delta);
    const fields = reader.mapUpTo(12);
    if (fields !== 9 && fields !== 12) {
      throw new FormError('form');
    }

    reader.label(1);
    if (!sameBytes(reader.byteString(32), sm3(pack))) {
      throw statusInvalid('这份增量不是给这个状态包的');
    }

    reader.label(2);
    const keyId = reader.byteString(8);
    reader.label(3);
    const signature = signatureOfRaw(reader.byteString(64));
    reader.label(4);
    const number = reader.long();
    reader.label(5);
    const producedAt = reader.long();
    reader.label(6);
    const expireTime = reader.long();
    reader.label(7);
    const trust = readTrustPart(reader, before);
    reader.label(8);
    const lists = reader.items(before.lists.length + 16, () => readList(reader, before));
    reader.label(9);
    const successions = readSuccessions(reader, before);
    const parts = fields === 9 ? noParts : readParts(reader, before);
    reader.end();
    if (signature === null) {
      throw new FormError('signature');
    }

    return Envelope.assemble(ContentType.StatusPack, keyId, writeForm({ ...before, ...trust, number, producedAt, expireTime, lists, successions, ...parts }), signature);
  } catch (error) {
    throw error instanceof FormError || (error instanceof EidError && error.reason !== 'STATUS_INVALID') ? statusInvalid('不是状态包的增量，或者残缺') : error;
  }
}

// Null while nothing of it changed.
function readTrustPart(reader: CborReader, before: StatusPack): Pick<StatusPack, 'codePrefix' | 'certificates' | 'codeSigners' | 'trustList'> {
  if (reader.isNull()) {
    return before;
  }

  reader.array(4);
  return { codePrefix: reader.text(), certificates: readCertificates(reader), codeSigners: readKeyIds(reader), trustList: reader.byteString() };
}

// [ number, [gap, state, …], [gap] or null ]: places that changed; a list that was not there begins with every place INVALID.
function readList(reader: CborReader, before: StatusPack): PackedList {
  reader.array(3);
  const number = reader.int();
  const old = before.lists.find((list) => list.number === number);
  const packed = old?.states.packed.slice() ?? new Uint8Array((1 << placeBits) / 4).fill(0b01_01_01_01);
  const left = reader.arrayUpTo(2 << placeBits);
  if (left % 2 !== 0) {
    throw new FormError('pairs');
  }

  for (let pair = 0, place = -1; pair < left; pair += 2) {
    place = readPlace(reader, place);
    const state = reader.int();
    if (state < 0 || state > 3) {
      throw new FormError('state');
    }

    const shift = (place * 2) % 8;
    packed[place >> 2] = ((packed[place >> 2] ?? 0) & ~(3 << shift)) | (state << shift);
  }

  return { number, states: new StatusList(2, packed), comprehensive: reader.isNull() ? (old?.comprehensive ?? []) : readGaps(reader) };
}

// [ [new or changed], [[list, index] of those gone] ].
function readSuccessions(reader: CborReader, before: StatusPack): PackedSuccession[] {
  reader.array(2);
  const all = new Map(before.successions.map((one) => [placeKey(one.old), one]));
  for (const one of reader.items(Number.MAX_SAFE_INTEGER, () => readSuccession(reader))) {
    all.set(placeKey(one.old), one);
  }

  readGone(reader, all);
  return [...all.values()].sort((left, right) => comparePlaces(left.old, right.old));
}

// Seals [[list, [gap, states or null, …]]]; permits [new or changed, [[list, index] of those gone]]; the list of neighbours or null.
function readParts(reader: CborReader, before: StatusPack): Pick<StatusPack, 'seals' | 'permits' | 'neighbours'> {
  reader.label(10);
  const seals = new Map((before.seals ?? []).map((one) => [placeKey(one.place), one]));
  for (const { place, states } of readSealChanges(reader)) {
    if (states === null) {
      seals.delete(placeKey(place));
    } else {
      seals.set(placeKey(place), { place, states });
    }
  }

  reader.label(11);
  reader.array(2);
  const permits = new Map(before.permits.map((one) => [placeKey(one.place), one]));
  for (const one of readPermits(reader)) {
    permits.set(placeKey(one.place), one);
  }

  readGone(reader, permits);
  reader.label(12);
  const neighbours = reader.isNull() ? before.neighbours : reader.byteString();
  const order = (left: { place: StatusReference }, right: { place: StatusReference }): number => comparePlaces(left.place, right.place);
  return { seals: [...seals.values()].sort(order), permits: [...permits.values()].sort(order), neighbours };
}

// Array of the [list, index] of those that are no longer.
function readGone(reader: CborReader, all: Map<string, unknown>): void {
  reader.items(Number.MAX_SAFE_INTEGER, () => {
    reader.array(2);
    all.delete(placeKey({ list: reader.int(), index: reader.int() }));
  });
}
