// Value noise by integer hashing: the same numbers in every JavaScript engine, since only +, −, × and ⌊ ⌋ are used.

/** A number in [0, 1) for each pair of whole numbers and seed. */
export function hash(x: number, y: number, seed: number): number {
  let h = (Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 2147483647) + 144665) | 0;
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h ^= h >>> 15;
  return (h & 0xffffff) / 0x1000000;
}

function fade(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

/** Smooth noise in [0, 1), one lattice cell to a unit. */
export function valueNoise(x: number, y: number, seed: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const u = fade(x - column);
  const v = fade(y - row);
  const a = hash(column, row, seed);
  const b = hash(column + 1, row, seed);
  const c = hash(column, row + 1, seed);
  const d = hash(column + 1, row + 1, seed);
  return (a + (b - a) * u) * (1 - v) + (c + (d - c) * u) * v;
}

/** Noise of several octaves, each half as large and strong as the one before: [0, 1), mostly near one half. */
export function fractalNoise(x: number, y: number, seed: number, octaves: number): number {
  let sum = 0;
  let total = 0;
  for (let k = 0, amplitude = 0.5, scale = 1; k < octaves; k += 1, amplitude /= 2, scale *= 2) {
    sum += amplitude * valueNoise(x * scale + 17.3 * k, y * scale - 9.1 * k, seed + k);
    total += amplitude;
  }
  return sum / total;
}
