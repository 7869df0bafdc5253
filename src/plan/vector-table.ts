// The distinct vectors of a plan, each stored once: colour fields and weights recur in many rows.
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { type Codec, malformed, unencodable } from '../base/codec.ts';
import type { Steps } from '../base/controls.ts';
import { floatWords, readFloats, wordsOf, writeWords } from '../base/number-arrays.ts';
import { type Diagonal, vectorsOf } from './stages/linear-rows.ts';

/** −1, 0 or 1 as `a` comes before, is, or comes after `b`: shorter ones first, then by their first different word. */
function compareWords(a: Uint32Array, b: Uint32Array): number {
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

/**
 * Writes and reads vectors by their number in a table. The table is sorted by content and holds what is used, so that a
 * plan has one encoding however its vectors are shared in memory, and so that one look at neighbours tells a reader that
 * no vector stands there twice.
 */
export class VectorTable {
  readonly #vectors: readonly Float32Array[];
  readonly #numbers: ReadonlyMap<Float32Array, number>;
  readonly #used: Uint8Array;

  private constructor(vectors: readonly Float32Array[], numbers: ReadonlyMap<Float32Array, number>) {
    this.#vectors = vectors;
    this.#numbers = numbers;
    this.#used = new Uint8Array(vectors.length);
  }

  /** Writes the table of `diagonals`. */
  static write(writer: ByteWriter, diagonals: Iterable<Diagonal>, length: number): VectorTable {
    const words = new Map<Float32Array, Uint32Array>();
    for (const diagonal of diagonals) {
      for (const vector of vectorsOf(diagonal)) {
        if (words.has(vector)) continue;
        if (vector.length !== length) {
          throw unencodable(`A diagonal has ${vector.length} values for ${length} slots.`);
        }
        words.set(vector, floatWords(vector));
      }
    }
    const sorted = [...words].sort(([, a], [, b]) => compareWords(a, b));
    const numbers = new Map<Float32Array, number>();
    const distinct: [Float32Array, Uint32Array][] = [];
    for (const [vector, content] of sorted) {
      const last = distinct.at(-1);
      if (!last || compareWords(last[1], content) !== 0) distinct.push([vector, content]);
      numbers.set(vector, distinct.length - 1);
    }
    writer.u32(distinct.length);
    for (const [, content] of distinct) writeWords(writer, content);
    return new VectorTable(
      distinct.map(([vector]) => vector),
      numbers,
    );
  }

  /** Reads a table of vectors of `length`, in steps. @throws SealedError `malformed-frame` unless they ascend */
  static *read(reader: ByteReader, length: number): Steps<VectorTable> {
    const count = reader.u32();
    if (count * length * 4 > reader.remaining) {
      throw malformed(
        `Truncated: ${count} vectors of ${length} values do not fit in the ${reader.remaining} bytes left.`,
      );
    }
    const vectors: Float32Array[] = [];
    let before: Uint32Array | undefined;
    for (let i = 0; i < count; i += 1) {
      const vector = readFloats(reader, length);
      const content = wordsOf(vector);
      if (before && compareWords(before, content) >= 0) throw malformed(`Vector ${i} is out of order.`);
      before = content;
      vectors.push(vector);
      yield;
    }
    return new VectorTable(vectors, new Map());
  }

  /** Codec of one of its vectors. */
  get codec(): Codec<Float32Array> {
    return {
      minBytes: 4,
      write: (writer, vector) => void writer.u32(this.#numbers.get(vector)!),
      read: (reader) => {
        const number = reader.u32();
        const vector = this.#vectors[number];
        if (vector === undefined) throw malformed(`There is no vector ${number}.`);
        this.#used[number] = 1;
        return vector;
      },
    };
  }

  /** Throws `malformed-frame` if a vector has been stored and never read: it would be lost in writing. */
  checkUse(): void {
    const unused = this.#used.indexOf(0);
    if (unused >= 0) throw malformed(`Vector ${unused} is never used.`);
  }
}
