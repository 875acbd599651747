// Letters that look like others, folded to one of them. The server's page does the same (LookAlike.cs); one table of samples tests both.
const folds: Record<string, string> = {
  '0': 'o', '1': 'l', i: 'l', '|': 'l', '3': 'e', '4': 'a', '5': 's', '\u0430': 'a', '\u0435': 'e', '\u0454': 'e', '\u043e': 'o', '\u0440': 'p', '\u0441': 'c', '\u0445': 'x',
  '\u0443': 'y', '\u0456': 'l', '\u0458': 'j', '\u0455': 's', '\u04bb': 'h', '\u0501': 'd', '\u0261': 'g', '\u03bf': 'o', '\u03b1': 'a', '\u03b9': 'l', '\u0131': 'l', '\u0578': 'n',
};

/** Whether a scanned text is an address made to be taken for ours: it does not begin with ours, but its host is ours, wears ours, or can be mistaken for it. */
export function resemblesOurs(text: string, prefix: string): boolean {
  const ours = hostOf(prefix)!.host;
  const other = hostOf(text);
  if (text.startsWith(prefix) || other === null) {
    return false;
  }

  const [own, theirs] = [skeleton(ours), skeleton(other.host)];
  return theirs.includes(own) || skeleton(other.before).includes(own) || bare(theirs).includes(bare(own)) || sameButEncoded(ours, other.host) || distance(own, theirs) <= Math.max(1, own.length >> 3);
}

// Host and what stands before an @, with or without a scheme; null for a text that is no address.
function hostOf(text: string): { host: string; before: string } | null {
  const plain = text.normalize('NFKC').toLowerCase().replace(/[\u3002\uff61]/g, '.').replace(/\\/g, '/');
  const match = /^(?:[a-z][a-z0-9+.-]*:\/*)?(?:([^/?#]*)@)?([^/?#@:\s]+\.[^/?#@:\s.]+)\.?(?::\d*)?(?:[/?#]|$)/.exec(plain);
  return match === null ? null : { before: match[1] ?? '', host: match[2]! };
}

function skeleton(host: string): string {
  const letters = [...host.normalize('NFD').replace(/[\u0300-\u036f]/g, '')].map((letter) => folds[letter] ?? letter).join('');
  return letters.replace(/rn/g, 'm').replace(/vv/g, 'w').replace(/cl/g, 'd');
}

const bare = (host: string): string => host.replace(/[.-]/g, '');

// Punycode hides letters: one label of it among our own labels is enough.
function sameButEncoded(ours: string, theirs: string): boolean {
  const [own, labels] = [ours.split('.'), theirs.split('.')];
  return own.length === labels.length && labels.some((label) => label.startsWith('xn--')) && own.every((label, i) => labels[i] === label || labels[i]!.startsWith('xn--'));
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }

    row = next;
  }

  return row[b.length]!;
}
