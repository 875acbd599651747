/** The code that an address of this site is about, as the server reads it: what was typed, or what follows the official path. */
export function codeOf(place: { readonly pathname: string; readonly search: string }, prefix: string): string | null {
  const typed = new URLSearchParams(place.search).get('code')?.trim() ?? '';
  if (typed !== '') {
    return typed;
  }

  const path = new URL(prefix).pathname;
  // A licence code begins with the mark of its form, a live code with its own (LiveCode.cs).
  return place.pathname.startsWith(path + '1') || place.pathname.startsWith(path + '8') ? prefix + place.pathname.slice(path.length) : null;
}

/** Where on this site a code opens; null for what does not begin with the official address. Of the text nothing but its payload gets there. */
export function placeOf(code: string, prefix: string): string | null {
  return code.startsWith(prefix) && /^[0-9A-Z]+$/.test(code.slice(prefix.length)) ? new URL(prefix).pathname + code.slice(prefix.length) : null;
}
