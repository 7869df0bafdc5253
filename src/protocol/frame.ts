// The frames that cross between client and server role: a closed set, none of which can hold a secret key.
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import {
  checkCiphertext,
  checkKey,
  type ResidueCiphertext,
  type ResidueEvaluationKeys,
  type ResidueKey,
} from '../params/residues.ts';

/** A ciphertext with its place: input or output number, or row of an intermediate stage. */
export interface IndexedCiphertext {
  readonly index: number;
  readonly ciphertext: ResidueCiphertext;
}

/**
 * What may be said on the wire. Evaluation keys are public; ciphertexts hide what they hold; there is no third kind.
 */
export type Frame =
  | { readonly kind: 'evaluation-keys'; readonly keys: ResidueEvaluationKeys }
  | { readonly kind: 'ciphertexts'; readonly items: readonly IndexedCiphertext[] };

const MAGIC = 0x31525153; // "SQR1"
const KINDS = { 'evaluation-keys': 1, ciphertexts: 2 } as const;
const MAX_ITEMS = 1 << 16;

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
    for (const { index, ciphertext } of frame.items) {
      writer
        .u32(index)
        .u8(ciphertext.size)
        .u8(ciphertext.level)
        .f64(ciphertext.scale)
        .words(ciphertext.words);
    }
    return writer.finish();
  }
  const { relinearization, rotations } = frame.keys;
  writer.u8(relinearization ? 1 : 0);
  if (relinearization) writeKey(writer, relinearization);
  writer.u32(rotations.size);
  for (const [step, key] of rotations) {
    writer.u32(step);
    writeKey(writer, key);
  }
  return writer.finish();
}

/** Length of the bytes of `frame`, so that they are written once and moved no more. */
function frameBytes(frame: Frame, { primes }: Parameters): number {
  const head = 10 + primes.length;
  if (frame.kind === 'ciphertexts') {
    return frame.items.reduce((sum, { ciphertext }) => sum + 14 + ciphertext.words.byteLength, head + 4);
  }
  const keyBytes = ({ digits }: ResidueKey): number =>
    digits.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const { relinearization, rotations } = frame.keys;
  let bytes = head + 5 + (relinearization ? keyBytes(relinearization) : 0);
  for (const [, key] of rotations) bytes += 4 + keyBytes(key);
  return bytes;
}

function writeKey(writer: ByteWriter, key: ResidueKey): void {
  for (const digit of key.digits) writer.words(digit);
}

/**
 * The frame in `bytes`, with every length, level and residue checked against `parameters`.
 * @throws SealedError `malformed-frame` for anything else
 */
export function decodeFrame(bytes: Uint8Array, parameters: Parameters): Frame {
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
      return { kind: 'evaluation-keys', keys: readKeys(reader, parameters) };
    case KINDS.ciphertexts:
      return { kind: 'ciphertexts', items: readCiphertexts(reader, parameters) };
    default:
      throw malformed(`Unknown frame kind ${kind}.`);
  }
}

function readCiphertexts(reader: ByteReader, parameters: Parameters): IndexedCiphertext[] {
  const count = reader.u32();
  if (count > MAX_ITEMS) throw malformed(`${count} ciphertexts are too many for one frame.`);
  const items: IndexedCiphertext[] = [];
  for (let i = 0; i < count; i += 1) {
    const index = reader.u32();
    const size = reader.u8();
    const level = reader.u8();
    const scale = reader.f64();
    if (size > 3 || level > parameters.maxLevel)
      throw malformed('A ciphertext has an impossible size or level.');
    const words = reader.words(size * (level + 1) * parameters.polyModulusDegree);
    const ciphertext = { size, level, scale, words };
    checkCiphertext(ciphertext, parameters);
    items.push({ index, ciphertext });
  }
  reader.end();
  return items;
}

function readKey(reader: ByteReader, parameters: Parameters): ResidueKey {
  const wordsPerDigit = 2 * parameters.primes.length * parameters.polyModulusDegree;
  const digits = Array.from({ length: parameters.maxLevel + 1 }, () => reader.words(wordsPerDigit));
  const key = { digits };
  checkKey(key, parameters);
  return key;
}

function readKeys(reader: ByteReader, parameters: Parameters): ResidueEvaluationKeys {
  const hasRelinearization = reader.u8();
  if (hasRelinearization > 1) throw malformed('A flag is neither 0 nor 1.');
  const relinearization = hasRelinearization === 1 ? readKey(reader, parameters) : undefined;
  const count = reader.u32();
  const rotations = new Map<number, ResidueKey>();
  for (let i = 0; i < count; i += 1) {
    const step = reader.u32();
    if (step < 1 || step >= parameters.slots || rotations.has(step)) {
      throw malformed(`Rotation step ${step} is out of range or given twice.`);
    }
    rotations.set(step, readKey(reader, parameters));
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
