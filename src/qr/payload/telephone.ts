// Telephone numbers: reads what people type or paste as one (ITU-T E.123, E.164).
import { invalidPayload } from './invalid.ts';
import { percentDecoded, withoutWrapping } from './pasted.ts';

/** What people put between digits: white space, dashes of every width, dots, slashes and brackets. */
const SEPARATORS = String.raw`\s()[\].\/\u00b7\u2010-\u2015\u2212-`;

// An international number with digits in brackets right after its country code: "+49 (0)30".
const BRACKETED = new RegExp(
  String.raw`^([${SEPARATORS}]*(?:\+|00)[\s()]*(\d{1,3})[\s).\/\u2010-\u2015\u2212-]*)[([]\s*(\d+)\s*[)\]]`,
  'u',
);

// National (trunk) prefixes other than 0, by country code. In Italy, San Marino and the Vatican the 0 is a digit of the
// number and is dialled from abroad as well, so that nothing may be dropped (ITU-T E.164, list of dialling procedures).
const TRUNK_PREFIXES: Readonly<Record<string, readonly string[]>> = {
  7: ['8'],
  36: ['06'],
  39: [],
  370: ['0', '8'],
  375: ['8', '80'],
  378: [],
  379: [],
  993: ['8'],
};

/** Digits and signs of Arabic and full-width keyboards as ASCII. */
function asciiDigits(text: string): string {
  const from = (zero: number, to: number) => (character: string) =>
    String.fromCharCode(character.charCodeAt(0) - zero + to);
  return text
    .replace(/[\u0660-\u0669]/g, from(0x660, 0x30))
    .replace(/[\u06f0-\u06f9]/g, from(0x6f0, 0x30))
    .replace(/[\uff01-\uff5e]/g, from(0xff01, 0x21));
}

/** The number as it was written, without what was pasted around it and without a bracketed trunk prefix. */
function writtenNumber(typed: string): string {
  const bare = asciiDigits(withoutWrapping(typed));
  const scheme = /^(?:tel|callto|sms|smsto|facetime):/i.exec(bare);
  const number = scheme ? percentDecoded(bare.slice(scheme[0].length)) : bare;
  // E.123: the prefix is for calls inside the country and is never dialled after a country code.
  const [whole, before, code, digits] = BRACKETED.exec(number) ?? [];
  if (whole === undefined || !(TRUNK_PREFIXES[code] ?? ['0']).includes(digits)) return number;
  return `${before.replace(/[^\d+]/g, '')} ${number.slice(whole.length).trimStart()}`;
}

function checkedDigits(written: string): string {
  const digits = written.replace(new RegExp(`[${SEPARATORS}]`, 'gu'), '');
  // E.164 ends at 15 digits. Inside a country there are short codes, and * and # for services.
  if (!/^(\+\d{4,15}|(?=.*\d)[\d*#]{2,20})$/.test(digits)) {
    throw invalidPayload('This is not a telephone number. It should look like +44 20 7946 0000.');
  }
  return digits;
}

/**
 * The number to dial: digits, `*` and `#`, after a `+` where it is international. Throws `invalid-argument` for what is
 * no number: other than 4 to 15 digits after `+`, else other than 2 to 20 characters.
 */
export function dialledNumber(typed: string): string {
  return checkedDigits(writtenNumber(typed));
}

/** The number as people read it, for a contact: its spaces and an extension stay. Throws as {@link dialledNumber} does. */
export function readableNumber(typed: string): string {
  const written = writtenNumber(typed);
  checkedDigits(written.replace(/[\s,;]*(?:extension|ext\.?=?|x|[,;])\s*\d{1,8}$/i, ''));
  return written;
}
