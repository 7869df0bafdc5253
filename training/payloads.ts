// Seeded random payloads and the QR matrices they make: the codes the networks are trained and measured on.

import { SealedError } from '../src/base/errors.ts';
import { type Random, seededRandom } from '../src/base/seeded-random.ts';
import { encodeQr, type ErrorCorrectionLevel, type QrCode } from '../src/qr/matrix.ts';

/** A code as training sees it. */
export type SampleCode = Pick<QrCode, 'version' | 'modules' | 'dark'>;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const WORDS = `${LETTERS}${LETTERS.toUpperCase()}0123456789-_.`;
const SYMBOLS = '😀🎉🔑☕🏔️äöüßéñçλЖ中文字';

/** Payload kinds in equal shares: link, Wi-Fi, digits, capitals (alphanumeric mode), text with emoji. */
const KINDS: readonly ((random: Random, length: number) => string)[] = [
  (random, length) => `https://${draw(random, LETTERS, 8)}.example/${draw(random, WORDS, length)}`,
  (random, length) => `WIFI:T:WPA;S:${draw(random, WORDS, 6)};P:${draw(random, WORDS, length)};;`,
  (random, length) => draw(random, '0123456789', 2 * length),
  (random, length) => draw(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 $%*+-./:', length),
  (random, length) => `${draw(random, SYMBOLS, 2)} ${draw(random, `${WORDS} ${SYMBOLS}`, length)}`,
];

/**
 * `count` codes of versions `smallest` to `largest` in equal shares, all four error correction levels, the mask
 * chosen by the penalty rules (ISO/IEC 18004 clause 7.8). The same seed gives the same codes.
 */
export function* sampleCodes(
  seed: number,
  count: number,
  smallest: number,
  largest: number,
): Generator<SampleCode> {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) {
    yield makeCode(random, smallest + (i % (largest - smallest + 1)));
  }
}

function makeCode(random: Random, version: number): SampleCode {
  return randomPayload(random, version, pick(random, ['L', 'M', 'Q', 'H'] as const)).code;
}

/** A random text of any kind and the code of just this version and level that it makes. */
export function randomPayload(
  random: Random,
  version: number,
  ecc: ErrorCorrectionLevel,
): { readonly text: string; readonly code: QrCode } {
  const kind = pick(random, KINDS);
  // Between half full and full: short payloads leave long runs of padding, which real codes have too.
  for (let length = Math.ceil((0.5 + 0.5 * random()) * roughCapacity(version)); ; length = length >> 1) {
    const text = length > 0 ? kind(random, length) : draw(random, '0123456789', 3);
    try {
      return { text, code: encodeQr(text, { version, ecc }) };
    } catch (error) {
      // A text too long for the version gives way to one of half the length, down to three digits, which always fit.
      const tooLong = error instanceof SealedError && error.code === 'payload-too-long';
      if (!tooLong || length === 0) throw error;
    }
  }
}

/** Bytes that fit at level L, within a few percent below: data modules less error correction. */
function roughCapacity(version: number): number {
  return Math.floor((17 + 4 * version) ** 2 / 11) - 20;
}

function draw(random: Random, alphabet: string, length: number): string {
  const characters = [...alphabet];
  return Array.from({ length }, () => pick(random, characters)).join('');
}

/** One of `list`. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)];
}
