// No I, L, O, U: they are misread as 1, 1, 0, V.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const longest = 24;
const length = 12;

/**
 * 校验短码, which a person types when a scan fails: "none" for a text that has not its shape, "wrong" for one whose check
 * character (ISO/IEC 7064 MOD 33,32) does not fit, else "sound". It carries no signature.
 */
export function readTypedCode(text: string): 'none' | 'wrong' | 'sound' {
  const kept = text.replace(/[- ]/g, '').toUpperCase();
  if (text.length > longest || !/^[0-9A-Za-z -]*$/.test(text) || kept.length !== length) {
    return 'none';
  }

  return [...kept].every((character) => alphabet.includes(character)) && checkCharacter(kept.slice(0, -1)) === kept.at(-1) ? 'sound' : 'wrong';
}

// Clause 9: the hybrid system MOD N+1,N.
function checkCharacter(body: string): string | undefined {
  const n = alphabet.length;
  let p = n;
  for (const character of body) {
    const sum = (p + alphabet.indexOf(character)) % n;
    p = ((sum === 0 ? n : sum) * 2) % (n + 1);
  }

  return alphabet[(n + 1 - p) % n];
}
