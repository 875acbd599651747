import { FormError } from './errors.js';

/** Major types of RFC 8949 §3.1 that occur in our forms. */
const enum Major {
  Unsigned = 0,
  Negative = 1,
  Bytes = 2,
  Text = 3,
  Array = 4,
  Map = 5,
  Tag = 6,
}

const nothing = 0xf6; // null
const int32 = 2 ** 31;

/**
 * Reads CBOR item by item and refuses all but the one form of RFC 8949 §4.2: shortest heads, definite lengths, valid UTF-8. The
 * order of map keys is seen to by the callers, who know each key. Sets no memory aside for a length that is only claimed.
 */
export class CborReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** Refuses anything left over. */
  end(): void {
    if (this.remaining > 0) {
      throw new FormError('left over');
    }
  }

  tag(number: number): void {
    this.expect(this.head(Major.Tag) === number, 'tag');
  }

  map(count: number): void {
    this.expect(this.head(Major.Map) === count, 'map');
  }

  /** A map of up to this many entries. */
  mapUpTo(most: number): number {
    const count = this.head(Major.Map);
    this.expect(count <= most, 'map');
    return count;
  }

  /** An array of exactly this many. */
  array(count: number): void {
    this.expect(this.head(Major.Array) === count, 'array');
  }

  /** An array of up to `most`; each item has at least a byte. */
  arrayUpTo(most: number): number {
    const count = this.head(Major.Array);
    this.expect(count <= most && count <= this.remaining, 'array');
    return count;
  }

  /** Items of an array, each read by `read`. */
  items<T>(most: number, read: () => T): T[] {
    const found: T[] = [];
    for (let left = this.arrayUpTo(most); left > 0; left--) {
      found.push(read());
    }

    return found;
  }

  /** The label of a map's next entry. */
  label(number: number): void {
    this.expect(this.int() === number, 'label');
  }

  /** A whole number of 32 bits with sign. */
  int(): number {
    const value = this.long();
    this.expect(value >= -int32 && value < int32, 'number');
    return value;
  }

  /** A whole number that a double holds exactly. */
  long(): number {
    const major = this.peek() >> 5;
    const value = this.head(major === Major.Negative ? Major.Negative : Major.Unsigned);
    return major === Major.Negative ? -1 - value : value;
  }

  byteString(length?: number): Uint8Array {
    const found = this.take(this.head(Major.Bytes));
    this.expect(length === undefined || found.length === length, 'length');
    return found;
  }

  text(): string {
    const bytes = this.take(this.head(Major.Text));
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new FormError('utf-8');
    }
  }

  /** Whether null stands here, which is then read. */
  isNull(): boolean {
    const found = this.peek() === nothing;
    this.at += found ? 1 : 0;
    return found;
  }

  private peek(): number {
    return this.bytes[this.at] ?? -1;
  }

  private take(length: number): Uint8Array {
    this.expect(length <= this.remaining, 'cut off');
    return this.bytes.subarray(this.at, (this.at += length));
  }

  private head(major: Major): number {
    const first = this.peek();
    this.expect(first >= 0 && first >> 5 === major, 'type');
    this.at++;
    const info = first & 31;
    if (info < 24) {
      return info;
    }

    this.expect(info <= 27, 'indefinite');
    const size = 1 << (info - 24);
    let value = 0;
    for (const byte of this.take(size)) {
      value = value * 256 + byte;
    }

    this.expect(value <= Number.MAX_SAFE_INTEGER && value >= (size === 1 ? 24 : 2 ** (4 * size)), 'not shortest');
    return value;
  }

  private expect(holds: boolean, what: string): asserts holds {
    if (!holds) {
      throw new FormError(what);
    }
  }
}

/** Writes the same one form. */
export class CborWriter {
  private bytes = new Uint8Array(256);
  private length = 0;

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  tag(number: number): this {
    return this.head(Major.Tag, number);
  }

  map(count: number): this {
    return this.head(Major.Map, count);
  }

  array(count: number): this {
    return this.head(Major.Array, count);
  }

  /** An array with each item written by `write`. */
  items<T>(all: readonly T[], write: (item: T) => void): this {
    this.array(all.length);
    all.forEach(write);
    return this;
  }

  number(value: number): this {
    return value < 0 ? this.head(Major.Negative, -1 - value) : this.head(Major.Unsigned, value);
  }

  byteString(value: Uint8Array): this {
    return this.head(Major.Bytes, value.length).raw(value);
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.head(Major.Text, bytes.length).raw(bytes);
  }

  private raw(value: Uint8Array): this {
    this.room(value.length).set(value);
    return this;
  }

  private head(major: Major, value: number): this {
    if (value < 24) {
      this.room(1)[0] = (major << 5) | value;
      return this;
    }

    const size = value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : value < 2 ** 32 ? 4 : 8;
    const target = this.room(1 + size);
    target[0] = (major << 5) | (24 + Math.log2(size));
    for (let at = size, rest = value; at > 0; at--, rest = Math.floor(rest / 256)) {
      target[at] = rest % 256;
    }

    return this;
  }

  private room(length: number): Uint8Array {
    if (this.length + length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }

    return this.bytes.subarray(this.length, (this.length += length));
  }
}
