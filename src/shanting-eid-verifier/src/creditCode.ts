// GB 32100 clause 4: digits and letters without I, O, S, V, Z; the value of a character is its index.
const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

// GB 32100 table: 登记管理部门 with the 机构类别 each may carry.
const categories = /^(?:[15N9][1239]|[248A][19]|3[1-59]|[67][129]|Y1)/;

/** Whether a text is a 统一社会信用代码 (GB 32100-2015): 18 characters with the right check character. */
export function isCreditCode(text: string): boolean {
  if (!/^..[0-9]{6}.{10}$/.test(text) || !categories.test(text) || [...text].some((character) => !alphabet.includes(character))) {
    return false;
  }

  const sum = weights.reduce((total, weight, at) => total + weight * alphabet.indexOf(text.charAt(at)), 0);
  return alphabet[(31 - (sum % 31)) % 31] === text[17];
}
