// Codecs of typed arrays: aligned and little-endian, so that reading one is a single copy of memory.
import type { ByteReader, ByteWriter } from './bytes.ts';
import { type Codec, malformed, unencodable } from './codec.ts';

/** `values` as the 32-bit words it is stored as: the same memory. */
export function wordsOf(values: Int32Array | Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

const EXPONENT = 0x7f80_0000;
// Signed, since engines compute with words above 2^31 as floats.
const NEGATIVE_ZERO = -0x8000_0000;

/** `values` as words, each −0 a 0. @throws SealedError `invalid-argument` for infinite values and NaN */
export function floatWords(values: Float32Array): Uint32Array {
  let words = new Int32Array(values.buffer, values.byteOffset, values.length);
  let isCopy = false;
  for (let i = 0; i < words.length; i += 1) {
    if ((words[i] & EXPONENT) === EXPONENT) throw unencodable(`Value ${i} is not a finite number.`);
    if (words[i] !== NEGATIVE_ZERO) continue;
    if (!isCopy) words = words.slice();
    isCopy = true;
    words[i] = 0;
  }
  return wordsOf(words);
}

/** Writes words of {@link floatWords}, after zeros up to a multiple of four bytes; how many is not written. */
export function writeWords(writer: ByteWriter, words: Uint32Array): void {
  writer.align(4).words(words);
}

/** A copy of the next `count` floats. @throws SealedError `malformed-frame` for −0, infinite values and NaN */
export function readFloats(reader: ByteReader, count: number): Float32Array {
  reader.align(4);
  const words = new Int32Array(reader.words(count).buffer);
  for (let i = 0; i < count; i += 1) {
    const word = words[i];
    if ((word & EXPONENT) === EXPONENT || word === NEGATIVE_ZERO) {
      throw malformed('A value is not a finite number, or is the zero that is never written.');
    }
  }
  return new Float32Array(words.buffer);
}

/** At most `most` 32-bit integers. */
export function int32Array(most: number): Codec<Int32Array> {
  return {
    minBytes: 4,
    write(writer, values) {
      if (values.length > most) throw unencodable(`${values.length} entries are more than ${most}.`);
      writeWords(writer.u32(values.length), wordsOf(values));
    },
    read(reader) {
      const count = reader.u32();
      if (count > most) throw malformed(`${count} entries are more than ${most}.`);
      reader.align(4);
      return new Int32Array(reader.words(count).buffer);
    },
  };
}

/** At most `most` finite floats; −0 is written as 0. */
export function float32Array(most: number): Codec<Float32Array> {
  return {
    minBytes: 4,
    write(writer, values) {
      if (values.length > most) throw unencodable(`${values.length} entries are more than ${most}.`);
      writeWords(writer.u32(values.length), floatWords(values));
    },
    read(reader) {
      const count = reader.u32();
      if (count > most) throw malformed(`${count} entries are more than ${most}.`);
      return readFloats(reader, count);
    },
  };
}
