// The study's codes: texts of 1 to 10 letters under a fixed seed, and the split into training, test and validation.
import { SealedError } from '../../base/errors.ts';
import { type Random, seededRandom } from '../../base/seeded-random.ts';
import { encodeQr, type QrCode } from '../../qr/matrix.ts';

/** The seed of the committed networks' training data. */
export const STUDY_SEED = 2026;

/** How the study's 4,000 codes are split: 80 % to train, 15 % to test, 5 % to validate. */
export const SPLIT = { train: 3200, test: 600, validation: 200 } as const;

/** Versions that the study drew: 21×21 and 41×41 modules. */
export const STUDY_VERSIONS = [1, 6] as const;

/** One of {@link STUDY_VERSIONS}. */
export type StudyVersion = (typeof STUDY_VERSIONS)[number];

/** A text and its code. */
export interface StudyCode {
  readonly text: string;
  readonly code: QrCode;
}

/** Which codes of the one list: those to train with, to choose by, and to report on. */
export type Part = keyof typeof SPLIT;

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LONGEST = 10;

// The split's order in the list: training, test, validation; further tests after them all.
const TEST_FROM = SPLIT.train;
const VALIDATION_FROM = SPLIT.train + SPLIT.test;
const MORE_FROM = VALIDATION_FROM + SPLIT.validation;

/**
 * Texts of 1 to 10 letters, no two the same: the length is drawn evenly, then the letters. A text drawn before is drawn anew,
 * its length as well: there are 52 texts of one letter only.
 */
function* texts(random: Random): Generator<string> {
  const seen = new Set<string>();
  for (;;) {
    const length = 1 + Math.floor(LONGEST * random());
    const text = Array.from({ length }, () => LETTERS[Math.floor(LETTERS.length * random())]).join('');
    if (seen.has(text)) continue;
    seen.add(text);
    yield text;
  }
}

/** Where the `index`-th text of `part` stands in the list. */
function placeInList(part: Part, index: number): number {
  if (part === 'train') return index;
  if (part === 'validation') return VALIDATION_FROM + index;
  return index < SPLIT.test ? TEST_FROM + index : MORE_FROM + index - SPLIT.test;
}

/**
 * The first `count` texts of `part`. No text is in two parts, so that none of the test was trained on; of tests there are as many
 * as are asked for, the first 600 being the study's number.
 * @throws SealedError `invalid-argument` for more than there are in the split
 */
export function studyTexts(part: Part, count: number, seed: number = STUDY_SEED): string[] {
  const most = part === 'test' ? Infinity : SPLIT[part];
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new SealedError(
      'invalid-argument',
      `The number of codes must be a whole number from 1 to ${most}.`,
    );
  }
  const end = placeInList(part, count - 1) + 1;
  const list: string[] = [];
  for (const text of texts(seededRandom(seed))) {
    list.push(text);
    if (list.length === end) break;
  }
  return Array.from({ length: count }, (_, index) => list[placeInList(part, index)]);
}

/** The code of `text` as the study made it: level L, its version fixed. */
export function studyCode(text: string, version: StudyVersion): StudyCode {
  return { text, code: encodeQr(text, { version, ecc: 'L' }) };
}

/** The network's input for `code`: `[1, n, n]`, 1 where a module is light and 0 where it is dark, as in a picture of it. */
export function codeInput({ dark }: Pick<QrCode, 'dark'>): Float32Array {
  return Float32Array.from(dark, (bit) => 1 - bit);
}
