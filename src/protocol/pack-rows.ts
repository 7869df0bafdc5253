// Residues at their primes' bits: N numbers below 2^b as N b bits, lowest first, and back.

/** Bytes of a row of `count` residues of `bits` bits; `count` is a multiple of 8. */
export function packedBytes(count: number, bits: number): number {
  return (count / 8) * bits;
}

/** The residues of one row, each below 2^`bits` (2 to 32), side by side; `words.length` is a multiple of 32. */
export function packRow(words: Uint32Array, bits: number): Uint8Array<ArrayBuffer> {
  const out = new Uint32Array((words.length / 32) * bits);
  let [pending, filled, at] = [0, 0, 0];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i];
    pending |= word << filled;
    filled += bits;
    if (filled < 32) continue;
    out[at] = pending;
    at += 1;
    filled -= 32;
    // A shift by 32 would be one by 0.
    pending = filled === 0 ? 0 : word >>> (bits - filled);
  }
  return new Uint8Array(out.buffer);
}

/** What {@link packRow} packed: `count` residues, written to `out` from `at` on. */
export function unpackRow(
  bytes: Uint8Array,
  bits: number,
  out: Uint32Array,
  at: number,
  count: number,
): void {
  // Of its own, since a frame's rows begin anywhere.
  const words = new Uint32Array(bytes.slice().buffer);
  const mask = bits === 32 ? 0xffffffff : (1 << bits) - 1;
  for (let i = 0, from = 0; i < count; i += 1, from += bits) {
    const shift = from & 31;
    const low = words[from >>> 5] >>> shift;
    const high = shift + bits > 32 ? words[(from >>> 5) + 1] << (32 - shift) : 0;
    out[at + i] = (low | high) & mask;
  }
}
