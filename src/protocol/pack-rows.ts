// Residues at their primes' bits: N numbers below 2^b as N b bits, lowest first, and back.
//
// 32 numbers are b whole words, so that word j of every such group is made of the same bits: it is made for all groups
// in turn, with shifts that stay the same.

/** Bytes of a row of `count` residues of `bits` bits; `count` is a multiple of 8. */
export function packedBytes(count: number, bits: number): number {
  return (count / 8) * bits;
}

/** A row's packed words, which lie anywhere in a frame: one for all, since a frame has hundreds of rows. */
let aligned = new Int32Array(0);

function alignedWords(length: number): Int32Array {
  if (aligned.length < length) aligned = new Int32Array(length);
  return aligned.subarray(0, length);
}

/**
 * The residues of one row, each below 2^`bits` (2 to 32), side by side; `words.length` is a multiple of 32. What is
 * returned is valid until the next row is packed or unpacked.
 */
export function packRow(words: Uint32Array, bits: number): Uint8Array {
  const count = words.length;
  const out = alignedWords((count / 32) * bits);
  // Signed, or engines compute with words above 2^31 as floats.
  const from = new Int32Array(words.buffer, words.byteOffset, count);
  for (let j = 0; j < bits; j += 1) {
    const first = Math.floor((32 * j) / bits);
    const shift = 32 * j - bits * first;
    const second = bits - shift;
    if (second === 32) {
      for (let i = first, at = j; i < count; i += 32, at += bits) out[at] = from[i];
    } else if (second + bits >= 32) {
      for (let i = first, at = j; i < count; i += 32, at += bits) {
        out[at] = (from[i] >>> shift) | (from[i + 1] << second);
      }
    } else {
      for (let i = first, at = j; i < count; i += 32, at += bits) {
        let word = from[i] >>> shift;
        for (let next = i + 1, left = second; left < 32; next += 1, left += bits) word |= from[next] << left;
        out[at] = word;
      }
    }
  }
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}

/** What {@link packRow} packed: `count` residues, a multiple of 32, written to `out` from `at` on. */
export function unpackRow(
  bytes: Uint8Array,
  bits: number,
  out: Uint32Array,
  at: number,
  count: number,
): void {
  const words = alignedWords((count / 32) * bits);
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength).set(bytes);
  const to = new Int32Array(out.buffer, out.byteOffset + 4 * at, count);
  // A shift by 32 would be one by 0.
  const mask = bits === 32 ? -1 : (1 << bits) - 1;
  for (let k = 0; k < 32; k += 1) {
    const shift = (k * bits) & 31;
    const first = (k * bits) >>> 5;
    if (shift + bits <= 32) {
      for (let i = k, from = first; i < count; i += 32, from += bits) to[i] = (words[from] >>> shift) & mask;
    } else {
      const left = 32 - shift;
      for (let i = k, from = first; i < count; i += 32, from += bits) {
        to[i] = ((words[from] >>> shift) | (words[from + 1] << left)) & mask;
      }
    }
  }
}
