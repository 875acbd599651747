const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const values = new Map([...alphabet].map((character, value) => [character, value]));

/**
 * Base32 of RFC 4648 §6, upper case, without padding, canonical: no two texts stand for the same bytes. Null when a character,
 * the length or a spare bit is wrong.
 */
export function decodeBase32(text: string): Uint8Array | null {
  // A last group of 1, 3 or 6 characters cannot occur: it holds no whole number of bytes.
  if ([1, 3, 6].includes(text.length % 8)) {
    return null;
  }

  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const character of text) {
    const value = values.get(character);
    if (value === undefined) {
      return null;
    }

    buffer = ((buffer << 5) | value) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = buffer >> bits;
    }
  }

  return (buffer & ((1 << bits) - 1)) === 0 ? bytes : null;
}
