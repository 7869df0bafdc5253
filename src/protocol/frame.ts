// The frames that cross between client and server role: a closed set, none of which can hold a secret key.
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { atOnce, type Steps } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import {
  checkCiphertext,
  checkKey,
  checkSeeded,
  type ResidueCiphertext,
  type ResidueEvaluationKeys,
  type ResidueKey,
  SEED_BYTES,
  type SentCiphertext,
} from '../params/residues.ts';
import { packedBytes, packRow, unpackRow } from './pack-rows.ts';

/** A ciphertext with its place: input or output number, or row of an intermediate stage. */
export interface IndexedCiphertext {
  readonly index: number;
  readonly ciphertext: SentCiphertext;
}

/**
 * What may be said on the wire. Evaluation keys are public; ciphertexts hide what they hold; there is no third kind.
 */
export type Frame =
  | { readonly kind: 'evaluation-keys'; readonly keys: ResidueEvaluationKeys }
  | { readonly kind: 'ciphertexts'; readonly items: readonly IndexedCiphertext[] };

const MAGIC = 0x32525153; // "SQR2"
const KINDS = { 'evaluation-keys': 1, ciphertexts: 2 } as const;
const MAX_ITEMS = 1 << 16;
// Whether the uniform half is there, or a public seed in its place. Whoever made it has drawn another seed where any word
// of the expansion has an upper half of 2^32 − 1, which SEAL might replace: so a row follows from the seed alone.
const [WHOLE, SEEDED] = [0, 1];

function malformed(message: string): SealedError {
  return new SealedError('malformed-frame', message, { stage: 'wire' });
}

/** The bytes of `frame`, in a buffer of their own that can be transferred. */
export function encodeFrame(frame: Frame, parameters: Parameters): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(frameBytes(frame, parameters));
  writer.u32(MAGIC).u8(KINDS[frame.kind]);
  writer.u32(parameters.polyModulusDegree).u8(parameters.primes.length);
  for (const bits of parameters.coeffModulusBits) writer.u8(bits);
  if (frame.kind === 'ciphertexts') {
    writer.u32(frame.items.length);
    for (const { index, ciphertext } of frame.items) writeCiphertext(writer, index, ciphertext, parameters);
    return writer.finish();
  }
  const { relinearization, rotations } = frame.keys;
  writer.u8(relinearization ? 1 : 0);
  if (relinearization) writeKey(writer, relinearization, parameters);
  writer.u32(rotations.size);
  for (const [step, key] of rotations) {
    writer.u32(step);
    writeKey(writer, key, parameters);
  }
  return writer.finish();
}

/** Length of the bytes of `frame`, so that they are written once and moved no more. */
function frameBytes(frame: Frame, parameters: Parameters): number {
  const { polyModulusDegree, primes, maxLevel } = parameters;
  const rowsBytes = (sizes: readonly number[]): number =>
    sizes.reduce((sum, bits) => sum + packedBytes(polyModulusDegree, bits), 0);
  const head = 10 + primes.length;
  if (frame.kind === 'ciphertexts') {
    return frame.items.reduce((sum, { ciphertext }) => {
      const rows = rowsBytes(sizesAt(ciphertext.level, parameters));
      return sum + 15 + ('seed' in ciphertext ? SEED_BYTES + rows : ciphertext.size * rows);
    }, head + 4);
  }
  const keyBytes = ({ level = maxLevel, digits, seeds }: ResidueKey): number => {
    const rows = rowsBytes(keySizes(level, parameters));
    return 2 + digits.length * (seeds ? SEED_BYTES + rows : 2 * rows);
  };
  const { relinearization, rotations } = frame.keys;
  let bytes = head + 5 + (relinearization ? keyBytes(relinearization) : 0);
  for (const [, key] of rotations) bytes += 4 + keyBytes(key);
  return bytes;
}

/** Bits of the residues of each row of a polynomial at `level`. */
function sizesAt(level: number, { coeffModulusBits }: Parameters): readonly number[] {
  return coeffModulusBits.slice(0, level + 1);
}

/** The same of a key for `level`: P's row is the last. */
function keySizes(level: number, parameters: Parameters): readonly number[] {
  return [...sizesAt(level, parameters), parameters.coeffModulusBits.at(-1)!];
}

/** Rows of `words`, whose sizes are `sizes`, over and over. */
function writeRows(writer: ByteWriter, words: Uint32Array, sizes: readonly number[], degree: number): void {
  for (let at = 0, row = 0; at < words.length; at += degree, row += 1) {
    writer.bytes(packRow(words.subarray(at, at + degree), sizes[row % sizes.length]));
  }
}

function* readRows(
  reader: ByteReader,
  polynomials: number,
  sizes: readonly number[],
  degree: number,
): Steps<Uint32Array> {
  const rows = sizes.map((bits) => packedBytes(degree, bits));
  const bytes = rows.reduce((sum, row) => sum + row, 0) * polynomials;
  // Before memory is reserved for what may not be there.
  if (reader.remaining < bytes)
    throw malformed(`Truncated: ${bytes} bytes wanted, ${reader.remaining} left.`);
  const words = new Uint32Array(polynomials * sizes.length * degree);
  for (let row = 0; row < polynomials * sizes.length; row += 1) {
    const at = row % sizes.length;
    unpackRow(reader.bytes(rows[at]), sizes[at], words, row * degree, degree);
    yield;
  }
  return words;
}

function writeCiphertext(
  writer: ByteWriter,
  index: number,
  ciphertext: SentCiphertext,
  parameters: Parameters,
): void {
  const { level, scale, words } = ciphertext;
  const isSeeded = 'seed' in ciphertext;
  writer.u32(index).u8(isSeeded ? SEEDED : WHOLE);
  writer
    .u8(isSeeded ? 2 : ciphertext.size)
    .u8(level)
    .f64(scale);
  if (isSeeded) writer.bytes(ciphertext.seed);
  writeRows(writer, words, sizesAt(level, parameters), parameters.polyModulusDegree);
}

function writeKey(writer: ByteWriter, { digits, seeds, level }: ResidueKey, parameters: Parameters): void {
  const own = level ?? parameters.maxLevel;
  writer.u8(seeds ? SEEDED : WHOLE).u8(own);
  for (const [i, digit] of digits.entries()) {
    if (seeds) writer.bytes(seeds[i]);
    writeRows(writer, digit, keySizes(own, parameters), parameters.polyModulusDegree);
  }
}

function readForm(reader: ByteReader): boolean {
  const form = reader.u8();
  if (form !== WHOLE && form !== SEEDED) throw malformed(`Unknown form ${form}.`);
  return form === SEEDED;
}

/**
 * The frame in `bytes`, with every length, level and residue checked against `parameters`.
 * @throws SealedError `malformed-frame` for anything else
 */
export function decodeFrame(bytes: Uint8Array, parameters: Parameters): Frame {
  return atOnce(frameSteps(bytes, parameters));
}

/**
 * {@link decodeFrame} in steps of a row: keys of one network take hundreds of milliseconds.
 * @throws SealedError `malformed-frame`
 */
export function* frameSteps(bytes: Uint8Array, parameters: Parameters): Steps<Frame> {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw malformed('Not a Sealed QR frame.');
  const kind = reader.u8();
  if (
    reader.u32() !== parameters.polyModulusDegree ||
    reader.u8() !== parameters.primes.length ||
    !parameters.coeffModulusBits.every((bits) => reader.u8() === bits)
  ) {
    throw malformed('The frame is for other parameters.');
  }
  switch (kind) {
    case KINDS['evaluation-keys']:
      return { kind: 'evaluation-keys', keys: yield* readKeys(reader, parameters) };
    case KINDS.ciphertexts:
      return { kind: 'ciphertexts', items: yield* readCiphertexts(reader, parameters) };
    default:
      throw malformed(`Unknown frame kind ${kind}.`);
  }
}

function* readCiphertexts(reader: ByteReader, parameters: Parameters): Steps<IndexedCiphertext[]> {
  const count = reader.u32();
  if (count > MAX_ITEMS) throw malformed(`${count} ciphertexts are too many for one frame.`);
  const items: IndexedCiphertext[] = [];
  for (let i = 0; i < count; i += 1) {
    const index = reader.u32();
    items.push({ index, ciphertext: yield* readCiphertext(reader, parameters) });
  }
  reader.end();
  return items;
}

function* readCiphertext(reader: ByteReader, parameters: Parameters): Steps<SentCiphertext> {
  const isSeeded = readForm(reader);
  const size = reader.u8();
  const level = reader.u8();
  const scale = reader.f64();
  if (size > 3 || (isSeeded && size !== 2) || level > parameters.maxLevel)
    throw malformed('A ciphertext has an impossible size or level.');
  const sizes = sizesAt(level, parameters);
  if (isSeeded) {
    const seed = reader.bytes(SEED_BYTES).slice();
    const words = yield* readRows(reader, 1, sizes, parameters.polyModulusDegree);
    const seeded = { level, scale, seed, words };
    checkSeeded(seeded, parameters);
    return seeded;
  }
  const words = yield* readRows(reader, size, sizes, parameters.polyModulusDegree);
  const whole = { size, level, scale, words };
  checkCiphertext(whole, parameters);
  return whole;
}

function* readKey(reader: ByteReader, parameters: Parameters): Steps<ResidueKey> {
  const { polyModulusDegree, maxLevel } = parameters;
  const isSeeded = readForm(reader);
  const level = reader.u8();
  if (level > maxLevel) throw malformed('A key has an impossible level.');
  const sizes = keySizes(level, parameters);
  const seeds: Uint8Array[] = [];
  const digits: Uint32Array[] = [];
  while (digits.length <= level) {
    if (isSeeded) seeds.push(reader.bytes(SEED_BYTES).slice());
    digits.push(yield* readRows(reader, isSeeded ? 1 : 2, sizes, polyModulusDegree));
  }
  const key = { digits, ...(level < maxLevel && { level }), ...(isSeeded && { seeds }) };
  checkKey(key, parameters);
  return key;
}

function* readKeys(reader: ByteReader, parameters: Parameters): Steps<ResidueEvaluationKeys> {
  const hasRelinearization = reader.u8();
  if (hasRelinearization > 1) throw malformed('A flag is neither 0 nor 1.');
  const relinearization = hasRelinearization === 1 ? yield* readKey(reader, parameters) : undefined;
  const count = reader.u32();
  const rotations = new Map<number, ResidueKey>();
  for (let i = 0; i < count; i += 1) {
    const step = reader.u32();
    if (step < 1 || step >= parameters.slots || rotations.has(step)) {
      throw malformed(`Rotation step ${step} is out of range or given twice.`);
    }
    rotations.set(step, yield* readKey(reader, parameters));
  }
  reader.end();
  return { relinearization, rotations };
}

/** {@link decodeFrame} for a frame that must hold ciphertexts. */
export function decodeCiphertexts(bytes: Uint8Array, parameters: Parameters): readonly IndexedCiphertext[] {
  const frame = decodeFrame(bytes, parameters);
  if (frame.kind !== 'ciphertexts') throw malformed('Ciphertexts were expected.');
  return frame.items;
}

/**
 * {@link decodeCiphertexts} for an answer, whose ciphertexts are whole: nothing that was computed follows from a seed.
 * @throws SealedError `malformed-frame`
 */
export function decodeAnswer(
  bytes: Uint8Array,
  parameters: Parameters,
): readonly { readonly index: number; readonly ciphertext: ResidueCiphertext }[] {
  return decodeCiphertexts(bytes, parameters).map(({ index, ciphertext }) => {
    if ('seed' in ciphertext) throw malformed('An answer holds a seed.');
    return { index, ciphertext };
  });
}
