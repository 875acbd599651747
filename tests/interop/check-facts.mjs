// Rules for what may be signed, written a second time: reads one JSON object on each line (creditCode, name, kind, type, representative,
// capital, establishDate, address, businessScope) and prints "good" or why it should not have been signed. GB 32100, GB 11714, and
// Unicode by its own properties.
import { createInterface } from 'node:readline';

const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';

function code(text) {
  if (!/^9[1239][0-9]{6}[0-9ABCDEFGHJKLMNPQRTUWXY]{10}$/.test(text)) return 'form';
  let sum = 0;
  for (let i = 0, weight = 1; i < 17; i++, weight = (weight * 3) % 31) sum += alphabet.indexOf(text[i]) * weight;
  return alphabet[(31 - (sum % 31)) % 31] === text[17] ? '' : 'check character';
}

// Nothing that cannot be seen, turns the line around, or looks like something else.
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\uFFFD]|(?![ \u3000])\p{Zs}/u;

function text(value, least, most) {
  const length = [...value].length;
  if (length === 0) return least === 0 ? '' : 'empty';
  if (!value.isWellFormed()) return 'surrogate';
  if (unseen.test(value)) return 'unseen character';
  if (/^\s|\s$/u.test(value)) return 'blank at an end';
  if (value !== value.normalize('NFC')) return 'not NFC';
  return length < least || length > most ? `length ${length}` : '';
}

function date(value, today) {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  if (!match) return 'form';
  const [year, month, day] = match.slice(1).map(Number);
  const time = new Date(Date.UTC(year, month - 1, day));
  return time.getUTCMonth() === month - 1 && time.getUTCDate() === day && year >= 1949 && value <= today ? '' : 'no such day, or not yet';
}

// An amount that is written with a figure has to be one.
function capital(value) {
  if (value === '' || !/[0-9０-９a-zA-Z∞负負-]/.test(value)) return '';
  return /^\s*[0-9][0-9,]*(\.[0-9]+)?\s*[(（]?\s*(万|亿|百万|千万)?\s*(元|人民币|美元|港元|港币|澳门元|日元|欧元|英镑|新台币|韩元|新加坡元|加拿大元|澳大利亚元|瑞士法郎)*\s*[)）]?\s*$/u.test(value) ? '' : 'no amount';
}

function problem(facts, today) {
  const rules = {
    creditCode: code(facts.creditCode), name: text(facts.name, 2, 60), type: text(facts.type, 0, 60), representative: text(facts.representative, 2, 24),
    capital: text(facts.capital, 0, 60) || capital(facts.capital), establishDate: date(facts.establishDate, today), address: text(facts.address, 2, 200),
    businessScope: text(facts.businessScope, 1, 2000),
    kind: Number.isInteger(facts.kind) && facts.kind > 0 && (facts.creditCode[1] === '2') === (facts.kind === Number(process.argv[3])) ? '' : 'does not fit the code',
  };
  return Object.entries(rules).filter(([, why]) => why).map(([field, why]) => `${field}: ${why}`).join('; ');
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(problem(JSON.parse(line), process.argv[2]) || 'good');
}
