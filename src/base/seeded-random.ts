// Numbers that depend on a seed alone: for choices among patches of a picture, and for codes that training and benches share.

/** Numbers in [0, 1). */
export type Random = () => number;

/** A generator started from `seed`, a whole number (mulberry32, Tommy Ettinger, public domain). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}
