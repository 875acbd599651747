import type { CborReader } from './cbor.js';
import { FormError } from './errors.js';
import type { StatusReference } from './licenseCode.js';

/** Index in a list; -1 before the first. */
export type Place = number;

/** Bits of an index: each list holds 2^20 places. */
export const placeBits = 20;

export const placeKey = (place: StatusReference): string => `${place.list}/${place.index}`;

/** The order of places. */
export function comparePlaces(left: StatusReference, right: StatusReference): number {
  return left.list - right.list || left.index - right.index;
}

/** The place after another: what stands there is the step to it, the first from -1, so none is 0. */
export function readPlace(reader: CborReader, last: Place): Place {
  const gap = reader.int();
  if (gap <= 0 || gap >= (1 << placeBits) - last) {
    throw new FormError('place');
  }

  return last + gap;
}

/** Rising places. */
export function readGaps(reader: CborReader): Place[] {
  let last = -1;
  return reader.items(1 << placeBits, () => (last = readPlace(reader, last)));
}
