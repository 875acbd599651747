import type { CborReader, CborWriter } from './cbor.js';
import { FormError } from './errors.js';
import type { StatusReference } from './licenseCode.js';
import { placeKey, readPlace, type Place } from './places.js';
import type { StatusList } from './statusList.js';

/** Seals that do not all share the state of the licence for which they were made. */
export interface PackedSeals {
  readonly place: StatusReference;
  /** Two bits for each kind, the official seal in the lowest. */
  readonly states: number;
}

export interface PackedPermit {
  /** Chinese name. */
  readonly name: string;
  /** One of LicenseStatus; never better than that of the licence. */
  readonly state: number;
}

/** The permits of a comprehensive licence, in their order on it. */
export interface PackedPermits {
  readonly place: StatusReference;
  readonly permits: readonly PackedPermit[];
}

const maxPermits = 12;
const maxNames = 10_000;
const maxPermitName = 200;

/** What became of seals: [[list, [gap, states or null, …]]], lists and places rising; null where nothing need be said any more. */
export function readSealChanges(reader: CborReader): { place: StatusReference; states: number | null }[] {
  const changes: { place: StatusReference; states: number | null }[] = [];
  let last = -1;
  reader.items(Number.MAX_SAFE_INTEGER, () => {
    reader.array(2);
    const list = reader.int();
    const left = list > last ? reader.arrayUpTo(Number.MAX_SAFE_INTEGER) : 0;
    if (left === 0 || left % 2 !== 0) {
      throw new FormError('seals');
    }

    last = list;
    for (let pair = 0, place: Place = -1; pair < left; pair += 2) {
      place = readPlace(reader, place);
      const states = reader.isNull() ? null : reader.int();
      if (states !== null && (states < 0 || states > 255)) {
        throw new FormError('states');
      }

      changes.push({ place: { list, index: place }, states });
    }
  });
  return changes;
}

/** Seals of a pack: as above, and of each something is said. */
export function readSeals(reader: CborReader): PackedSeals[] {
  return readSealChanges(reader).map(({ place, states }) => {
    if (states === null) {
      throw new FormError('states');
    }

    return { place, states };
  });
}

export function writeSeals(writer: CborWriter, seals: readonly PackedSeals[]): void {
  const lists = new Map<number, PackedSeals[]>();
  for (const one of seals) {
    lists.set(one.place.list, [...(lists.get(one.place.list) ?? []), one]);
  }

  writer.items([...lists], ([list, all]) => {
    let last = -1;
    writer.array(2).number(list).array(2 * all.length);
    for (const { place, states } of all) {
      writer.number(place.index - last).number(states);
      last = place.index;
    }
  });
}

/** [[name], [[list, index, [4 × name + state]]]], names in the order in which they are first used. */
export function readPermits(reader: CborReader): PackedPermits[] {
  reader.array(2);
  const names = reader.items(maxNames, () => reader.text());
  let used = 0;
  const licences = reader.items(Number.MAX_SAFE_INTEGER, () => {
    reader.array(3);
    const place = { list: reader.int(), index: reader.int() };
    const permits = reader.items(maxPermits, () => {
      const value = reader.int();
      const number = value >> 2;
      const name = names[number];
      if (value < 0 || number > used || name === undefined) {
        throw new FormError('permit');
      }

      used = Math.max(used, number + 1);
      return { name, state: value & 3 };
    });
    return { place, permits };
  });
  if (used !== names.length || new Set(names).size !== used || names.some((name) => name.length === 0 || name.length > maxPermitName)) {
    throw new FormError('names');
  }

  return licences;
}

export function writePermits(writer: CborWriter, licences: readonly PackedPermits[]): void {
  const numbers = new Map<string, number>();
  for (const { name } of licences.flatMap((licence) => licence.permits)) {
    numbers.set(name, numbers.get(name) ?? numbers.size);
  }

  writer.array(2).items([...numbers.keys()], (name) => writer.text(name));
  writer.items(licences, ({ place, permits }) =>
    writer.array(3).number(place.list).number(place.index).items(permits, ({ name, state }) => writer.number(4 * (numbers.get(name) ?? 0) + state)));
}

/** Whether they fit the lists: seals of business licences, permits of comprehensive ones; nothing said that goes without saying. */
export function areSound(seals: readonly PackedSeals[], permits: readonly PackedPermits[], lists: ReadonlyMap<number, StatusList>, comprehensive: ReadonlySet<string>): boolean {
  let before: StatusReference = { list: -1, index: -1 };
  for (const one of permits) {
    if ((one.place.list - before.list || one.place.index - before.index) <= 0 || one.permits.length === 0 || !comprehensive.has(placeKey(one.place))) {
      return false;
    }

    before = one.place;
  }

  return seals.every(({ place, states }) => {
    const own = lists.get(place.list)?.at(place.index);
    return own !== undefined && !comprehensive.has(placeKey(place)) && states !== own * 0b01_01_01_01;
  });
}
