// SEAL's uncompressed blobs, read strictly and written back. Layout: SEAL 4.1, serialization.h, ciphertext.h,
// plaintext.h, kswitchkeys.h. Compressed and seeded blobs are refused.
import { ByteReader, ByteWriter } from '../src/base/bytes.ts';
import { SealedError } from '../src/base/errors.ts';

const MAGIC = 0xa15e;
const HEADER_BYTES = 16;
const PARMS_ID_BYTES = 32;

/** A ciphertext's fields; residues are [polynomial][prime][N] little-endian u64, a view of the blob when read. */
export interface SealCiphertext {
  readonly parmsId: Uint8Array;
  readonly isNttForm: boolean;
  readonly size: number;
  readonly polyModulusDegree: number;
  readonly primes: number;
  readonly scale: number;
  readonly residues: Uint8Array;
}

/** A plaintext's fields; residues are [prime][N] little-endian u64. */
export interface SealPlaintext {
  readonly parmsId: Uint8Array;
  readonly scale: number;
  readonly residues: Uint8Array;
}

/** Relinearisation or Galois keys: for each index that has one, its digits. */
export interface SealSwitchKeys {
  readonly parmsId: Uint8Array;
  readonly keys: ReadonlyMap<number, readonly SealCiphertext[]>;
}

function malformed(message: string): SealedError {
  return new SealedError('malformed-frame', message, { stage: 'wire' });
}

/** A count that must be small enough to be one. */
function countOf(value: bigint, most: number, what: string): number {
  if (value > BigInt(most)) throw malformed(`Too many: ${what}.`);
  return Number(value);
}

/** Reads a SEAL header; the bytes it announces, itself included, must be there. Returns how many follow it. */
function readHeader(reader: ByteReader): number {
  if (reader.u16() !== MAGIC || reader.u8() !== HEADER_BYTES) throw malformed('This is no SEAL object.');
  if (reader.u8() !== 4) throw malformed('This is from another major version of SEAL.');
  reader.u8();
  if (reader.u8() !== 0) throw malformed('Compressed SEAL objects are not accepted.');
  reader.u16();
  const rest = countOf(reader.u64(), 2 ** 31, 'bytes') - HEADER_BYTES;
  if (rest < 0 || rest > reader.remaining) throw malformed('A SEAL object is cut short.');
  return rest;
}

/** Reads a nested array of u64; its header must agree with its count. */
function readWords(reader: ByteReader): Uint8Array {
  const rest = readHeader(reader);
  const count = countOf(reader.u64(), 2 ** 28, 'words');
  if (rest !== 8 + count * 8) throw malformed('An array does not have the length it announces.');
  return reader.bytes(count * 8);
}

function readCiphertextFrom(reader: ByteReader): SealCiphertext {
  const rest = readHeader(reader);
  const end = reader.offset + rest;
  const parmsId = reader.bytes(PARMS_ID_BYTES);
  const ntt = reader.u8();
  if (ntt > 1) throw malformed('A flag is neither 0 nor 1.');
  const size = countOf(reader.u64(), 16, 'polynomials');
  const polyModulusDegree = countOf(reader.u64(), 32768, 'coefficients');
  const primes = countOf(reader.u64(), 64, 'primes');
  const scale = reader.f64();
  if (reader.u64() !== 1n) throw malformed('This ciphertext is not of the CKKS scheme.');
  const residues = readWords(reader);
  if (residues.byteLength !== size * primes * polyModulusDegree * 8 || reader.offset !== end) {
    throw malformed('A ciphertext does not have the length it announces (or is seeded, which is not accepted here).');
  }
  return { parmsId, isNttForm: ntt === 1, size, polyModulusDegree, primes, scale, residues };
}

/** Reads one uncompressed, unseeded ciphertext. `malformed-frame` for anything else. Residues are not range-checked. */
export function readSealCiphertext(bytes: Uint8Array): SealCiphertext {
  const reader = new ByteReader(bytes);
  const ciphertext = readCiphertextFrom(reader);
  reader.end();
  return ciphertext;
}

/** Reads one uncompressed plaintext in NTT form. `malformed-frame` for anything else. */
export function readSealPlaintext(bytes: Uint8Array): SealPlaintext {
  const reader = new ByteReader(bytes);
  readHeader(reader);
  const parmsId = reader.bytes(PARMS_ID_BYTES);
  const count = reader.u64();
  const scale = reader.f64();
  const residues = readWords(reader);
  if (count !== BigInt(residues.byteLength / 8)) throw malformed('A plaintext does not have the length it announces.');
  reader.end();
  return { parmsId, scale, residues };
}

/** Reads uncompressed, unseeded Galois or relinearisation keys. Index i is the automorphism 2i + 1, or, for
 * relinearisation, 0. `malformed-frame` for anything else. Residues are not range-checked. */
export function readSealSwitchKeys(bytes: Uint8Array): SealSwitchKeys {
  const reader = new ByteReader(bytes);
  readHeader(reader);
  const parmsId = reader.bytes(PARMS_ID_BYTES);
  const indices = countOf(reader.u64(), 65536, 'keys');
  const keys = new Map<number, readonly SealCiphertext[]>();
  for (let index = 0; index < indices; index++) {
    const digits = countOf(reader.u64(), 64, 'key digits');
    if (digits === 0) continue;
    keys.set(index, Array.from({ length: digits }, () => readCiphertextFrom(reader)));
  }
  reader.end();
  return { parmsId, keys };
}

function writeHeader(writer: ByteWriter, bytes: number): void {
  writer.u16(MAGIC).u8(HEADER_BYTES).u8(4).u8(1).u8(0).u16(0).u64(BigInt(bytes));
}

/** The blob that SEAL's own `save` without compression would write. */
export function writeSealCiphertext(ciphertext: SealCiphertext): Uint8Array<ArrayBuffer> {
  const { residues } = ciphertext;
  const arrayBytes = HEADER_BYTES + 8 + residues.byteLength;
  const writer = new ByteWriter(HEADER_BYTES + 73 + arrayBytes);
  writeHeader(writer, HEADER_BYTES + 73 + arrayBytes);
  writer.bytes(ciphertext.parmsId);
  writer.u8(ciphertext.isNttForm ? 1 : 0);
  writer.u64(BigInt(ciphertext.size)).u64(BigInt(ciphertext.polyModulusDegree)).u64(BigInt(ciphertext.primes));
  writer.f64(ciphertext.scale).u64(1n);
  writeHeader(writer, arrayBytes);
  writer.u64(BigInt(residues.byteLength / 8)).bytes(residues);
  return writer.finish();
}
