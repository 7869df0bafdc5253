// SEAL's uncompressed serialisation (SEAL 4.1, native/src/seal/serialization.h, ciphertext.cpp, kswitchkeys.cpp) ⇄ residues.
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SealedError } from '../base/errors.ts';

const MAGIC = 0xa15e;
const HEADER_BYTES = 16;
const VERSION_MAJOR = 4;
const VERSION_MINOR = 1;
/** Header, parms id, NTT flag, three counts, scale, correction factor, and the array's own header and count. */
const CIPHERTEXT_HEAD_BYTES = 113;

/** SEAL's name for a level: the hash of its parameters. */
export type ParmsId = BigUint64Array;

/** A ciphertext blob's content: `size` × `primes` × N residues. */
export interface BlobCiphertext {
  readonly size: number;
  readonly primes: number;
  readonly polyModulusDegree: number;
  readonly scale: number;
  readonly words: Uint32Array;
}

/** Low halves of `count` little-endian 64-bit residues (all primes are below 2^32). */
function readWords(reader: ByteReader, count: number): Uint32Array {
  const pairs = reader.words(2 * count);
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) words[i] = pairs[2 * i]!;
  return words;
}

function writeWords(writer: ByteWriter, words: Uint32Array): void {
  const pairs = new Uint32Array(2 * words.length);
  for (let i = 0; i < words.length; i += 1) pairs[2 * i] = words[i]!;
  writer.words(pairs);
}

function readHeader(reader: ByteReader): number {
  const magic = reader.u16();
  const headerBytes = reader.u8();
  reader.u16();
  const compression = reader.u8();
  reader.u16();
  if (magic !== MAGIC || headerBytes !== HEADER_BYTES || compression !== 0) {
    throw new SealedError('malformed-frame', 'Not an uncompressed SEAL blob.');
  }
  return Number(reader.u64());
}

function writeHeader(writer: ByteWriter, totalBytes: number): void {
  writer.u16(MAGIC).u8(HEADER_BYTES).u8(VERSION_MAJOR).u8(VERSION_MINOR).u8(0).u16(0).u64(BigInt(totalBytes));
}

function writeParmsId(writer: ByteWriter, parmsId: ParmsId): void {
  for (const part of parmsId) writer.u64(part);
}

function readCiphertextFrom(reader: ByteReader): BlobCiphertext {
  readHeader(reader);
  reader.bytes(32);
  reader.u8();
  const size = Number(reader.u64());
  const polyModulusDegree = Number(reader.u64());
  const primes = Number(reader.u64());
  const scale = reader.f64();
  reader.u64();
  readHeader(reader);
  const count = Number(reader.u64());
  if (count !== size * primes * polyModulusDegree) {
    throw new SealedError('malformed-frame', 'A SEAL ciphertext blob is seeded or has the wrong length.');
  }
  return { size, primes, polyModulusDegree, scale, words: readWords(reader, count) };
}

/** Reads a ciphertext that SEAL saved with ComprModeType.none. */
export function readCiphertextBlob(bytes: Uint8Array): BlobCiphertext {
  const reader = new ByteReader(bytes);
  const ciphertext = readCiphertextFrom(reader);
  reader.end();
  return ciphertext;
}

function writeCiphertextTo(writer: ByteWriter, parmsId: ParmsId, ciphertext: BlobCiphertext): void {
  const { size, primes, polyModulusDegree, scale, words } = ciphertext;
  const dataBytes = words.length * 8;
  writeHeader(writer, CIPHERTEXT_HEAD_BYTES + dataBytes);
  writeParmsId(writer, parmsId);
  writer.u8(1).u64(BigInt(size)).u64(BigInt(polyModulusDegree)).u64(BigInt(primes)).f64(scale).u64(1n);
  writeHeader(writer, HEADER_BYTES + 8 + dataBytes);
  writer.u64(BigInt(words.length));
  writeWords(writer, words);
}

/** A blob that SEAL's Ciphertext.loadFromArray accepts: NTT form, uncompressed. */
export function writeCiphertextBlob(parmsId: ParmsId, ciphertext: BlobCiphertext): Uint8Array {
  const writer = new ByteWriter(CIPHERTEXT_HEAD_BYTES + ciphertext.words.length * 8);
  writeCiphertextTo(writer, parmsId, ciphertext);
  return writer.finish();
}

/** A blob that SEAL's Plaintext.loadFromArray accepts: NTT form over the primes of `parmsId`. */
export function writePlaintextBlob(parmsId: ParmsId, scale: number, words: Uint32Array): Uint8Array {
  const dataBytes = words.length * 8;
  const head = HEADER_BYTES + 32 + 8 + 8;
  const writer = new ByteWriter(head + HEADER_BYTES + 8 + dataBytes);
  writeHeader(writer, head + HEADER_BYTES + 8 + dataBytes);
  writeParmsId(writer, parmsId);
  writer.u64(BigInt(words.length)).f64(scale);
  writeHeader(writer, HEADER_BYTES + 8 + dataBytes);
  writer.u64(BigInt(words.length));
  writeWords(writer, words);
  return writer.finish();
}

/**
 * Reads a plaintext or a secret key that SEAL saved with ComprModeType.none.
 * @internal what the product writes is read back in tests alone
 */
export function readPlaintextBlob(bytes: Uint8Array): {
  readonly scale: number;
  readonly words: Uint32Array;
} {
  const reader = new ByteReader(bytes);
  readHeader(reader);
  reader.bytes(32);
  reader.u64();
  const scale = reader.f64();
  readHeader(reader);
  const words = readWords(reader, Number(reader.u64()));
  reader.end();
  return { scale, words };
}

// No NTT form: what SEAL gives plaintexts of BFV.
const NO_PARMS_ID: ParmsId = new BigUint64Array(4);
const PLAINTEXT_HEAD_BYTES = HEADER_BYTES + 32 + 8 + 8;

/** A blob that Plaintext.loadFromArray accepts in BFV: the polynomial's coefficients modulo p, lowest first. */
export function writeIntegerBlob(coefficients: BigUint64Array): Uint8Array {
  const dataBytes = coefficients.length * 8;
  const total = PLAINTEXT_HEAD_BYTES + HEADER_BYTES + 8 + dataBytes;
  const writer = new ByteWriter(total);
  writeHeader(writer, total);
  writeParmsId(writer, NO_PARMS_ID);
  writer.u64(BigInt(coefficients.length)).f64(1);
  writeHeader(writer, HEADER_BYTES + 8 + dataBytes);
  writer.u64(BigInt(coefficients.length));
  for (const coefficient of coefficients) writer.u64(coefficient);
  return writer.finish();
}

/** The coefficients of a BFV plaintext that SEAL saved with ComprModeType.none; those beyond its degree are absent. */
export function readIntegerBlob(bytes: Uint8Array): BigUint64Array {
  const reader = new ByteReader(bytes);
  readHeader(reader);
  reader.bytes(32);
  reader.u64();
  reader.f64();
  readHeader(reader);
  const data = reader.bytes(8 * Number(reader.u64()));
  reader.end();
  // A copy of its own: words must lie at multiples of eight.
  return new BigUint64Array(data.slice().buffer);
}

/** Reads uncompressed RelinKeys or GaloisKeys: by SEAL's index, the digits (2 × all primes × N residues each). */
export function readKeysBlob(bytes: Uint8Array): Map<number, Uint32Array[]> {
  const reader = new ByteReader(bytes);
  readHeader(reader);
  reader.bytes(32);
  const count = Number(reader.u64());
  const keys = new Map<number, Uint32Array[]>();
  for (let index = 0; index < count; index += 1) {
    const digits = Array.from({ length: Number(reader.u64()) }, () => readCiphertextFrom(reader).words);
    if (digits.length > 0) keys.set(index, digits);
  }
  reader.end();
  return keys;
}

/** A blob that RelinKeys.loadFromArray or GaloisKeys.loadFromArray accepts. */
export function writeKeysBlob(
  keyParmsId: ParmsId,
  keys: ReadonlyMap<number, readonly Uint32Array[]>,
  primes: number,
  polyModulusDegree: number,
): Uint8Array {
  const body = new ByteWriter(1024);
  // SEAL keeps one place for each of the N Galois elements, and a single one for relinearisation, at index 0.
  const count = keys.has(0) ? 1 : polyModulusDegree;
  writeParmsId(body, keyParmsId);
  body.u64(BigInt(count));
  for (let index = 0; index < count; index += 1) {
    const digits = keys.get(index) ?? [];
    body.u64(BigInt(digits.length));
    for (const words of digits) {
      writeCiphertextTo(body, keyParmsId, { size: 2, primes, polyModulusDegree, scale: 1, words });
    }
  }
  const content = body.finish();
  const writer = new ByteWriter(HEADER_BYTES + content.length);
  writeHeader(writer, HEADER_BYTES + content.length);
  return writer.bytes(content).finish();
}

/** SEAL's index of the Galois key for a left rotation by `step` slots: (3^step mod 2N − 1) / 2. */
export function galoisKeyIndex(step: number, polyModulusDegree: number): number {
  const modulus = 2 * polyModulusDegree;
  let element = 1;
  for (let i = 0; i < step; i += 1) element = (element * 3) % modulus;
  return (element - 1) / 2;
}
