import { FormError } from './errors.js';

/** Tags that occur in certificates (X.680). */
export const tag = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, oid: 0x06,
  utf8String: 0x0c, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30, set: 0x31,
} as const;

const maxLength = 1 << 20;

/** Reads DER element by element: definite, minimal lengths inside the input. */
export class DerReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get hasData(): boolean {
    return this.at < this.bytes.length;
  }

  get nextTag(): number {
    return this.bytes[this.at] ?? -1;
  }

  /** Refuses anything left over. */
  end(): void {
    if (this.hasData) {
      throw new FormError('left over');
    }
  }

  /** The whole next element with its head. */
  element(): Uint8Array {
    const start = this.at;
    this.content(this.nextTag);
    return this.bytes.subarray(start, this.at);
  }

  /** Content of the next element, which must have this tag. */
  content(expected: number): Uint8Array {
    // A tag of more than one byte does not occur in a certificate of ours.
    if (this.nextTag !== expected || (expected & 31) === 31) {
      throw new FormError('tag');
    }

    this.at++;
    const length = this.length();
    if (length > this.bytes.length - this.at) {
      throw new FormError('cut off');
    }

    return this.bytes.subarray(this.at, (this.at += length));
  }

  /** Into the next element. */
  enter(expected: number): DerReader {
    return new DerReader(this.content(expected));
  }

  /** Dotted form of an object identifier. */
  oid(): string {
    const numbers: bigint[] = [];
    let value = 0n;
    let isWithin = false;
    for (const byte of this.content(tag.oid)) {
      if (!isWithin && byte === 0x80) {
        throw new FormError('oid');
      }

      value = value * 128n + BigInt(byte & 127);
      isWithin = byte > 127;
      if (!isWithin) {
        numbers.push(value);
        value = 0n;
      }
    }

    const first = numbers.shift();
    if (first === undefined || isWithin) {
      throw new FormError('oid');
    }

    const root = first < 80n ? first / 40n : 2n;
    return [root, first - 40n * root, ...numbers].join('.');
  }

  /** A positive integer in its one form, without the byte for the sign. */
  positiveInteger(): Uint8Array {
    const content = this.content(tag.integer);
    const [first = 0xff, second = 0] = content;
    if (first > 127 || (first === 0 && content.length > 1 && second < 128)) {
      throw new FormError('integer');
    }

    return first === 0 ? content.subarray(1) : content;
  }

  /** Bytes of a bit string and how many of its last bits are not used; those must be zero. */
  bitString(): { bytes: Uint8Array; unused: number } {
    const content = this.content(tag.bitString);
    const [unused = 8] = content;
    const bytes = content.subarray(1);
    if (unused > 7 || (unused > 0 && ((bytes.at(-1) ?? 0xff) & ((1 << unused) - 1)) !== 0)) {
      throw new FormError('bit string');
    }

    return { bytes, unused };
  }

  boolean(): boolean {
    const content = this.content(tag.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
      throw new FormError('boolean');
    }

    return content[0] === 0xff;
  }

  /** UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5), milliseconds since 1970. */
  time(): number {
    const isShort = this.nextTag === tag.utcTime;
    const text = String.fromCharCode(...this.content(isShort ? tag.utcTime : tag.generalizedTime));
    const parts = (isShort ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(text);
    if (parts === null) {
      throw new FormError('time');
    }

    const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number];
    const full = !isShort ? year : year < 50 ? 2000 + year : 1900 + year;
    const time = new Date(0);
    time.setUTCFullYear(full, month - 1, day);
    time.setUTCHours(hour, minute, second);
    if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || time.getUTCHours() !== hour || time.getUTCMinutes() !== minute || time.getUTCSeconds() !== second) {
      throw new FormError('time');
    }

    return time.getTime();
  }

  private length(): number {
    const first = this.bytes[this.at++] ?? 0xff;
    if (first < 0x80) {
      return first;
    }

    const size = first & 127;
    if (size < 1 || size > 3) {
      throw new FormError('length');
    }

    let value = 0;
    for (let left = size; left > 0; left--) {
      value = value * 256 + (this.bytes[this.at++] ?? Number.NaN);
    }

    // The shortest form, and never more than a certificate has.
    if (!(value >= 128 && value >= 2 ** (8 * (size - 1)) && value <= maxLength)) {
      throw new FormError('length');
    }

    return value;
  }
}
