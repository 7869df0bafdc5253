// Where the elements of a value sit on the ring of positions, and the family of layouts the compiler chooses from.
import { log2, pow } from '../../base/exact-math.ts';
import { elementCount, type Shape } from '../../model/graph.ts';

/**
 * Element e of a value sits in ciphertext `ciphertext[e]` at position `position[e]` < `period`, and again every `period`
 * positions around the ring; −1 for elements nothing reads. Positions of no element hold 0. A ring has `slots / batch`
 * positions, each of them `batch` slots wide.
 */
export interface TensorLayout {
  readonly name: string;
  /** A power of two that divides the ring. */
  readonly period: number;
  readonly count: number;
  readonly ciphertext: Int32Array;
  readonly position: Int32Array;
  /**
   * Copies that are not alike: those in each stretch of `every` positions are rotated by `by` positions further than those in
   * the one before it. Both are powers of two, `every` a multiple of the period.
   */
  readonly skew?: { readonly by: number; readonly every: number };
}

/** Smallest power of two that is at least `n`. */
export function powerOfTwo(n: number): number {
  return pow(2, Math.ceil(log2(Math.max(1, n))));
}

/** Elements in order, unused ones left out, over as many ciphertexts as they need. */
function flatLayout(used: Uint8Array, ring: number): TensorLayout {
  const total = used.reduce((sum, u) => sum + u, 0);
  const period = Math.min(ring, powerOfTwo(total));
  const ciphertext = new Int32Array(used.length).fill(-1);
  const position = new Int32Array(used.length).fill(-1);
  let at = 0;
  for (let e = 0; e < used.length; e += 1) {
    if (used[e] === 0) continue;
    ciphertext[e] = Math.floor(at / period);
    position[e] = at % period;
    at += 1;
  }
  return { name: 'flat', period, count: Math.max(1, Math.ceil(at / period)), ciphertext, position };
}

/** How a `[C, H, W]` value is laid out in blocks, one for each channel and phase. */
interface GridSpec {
  /** Rows and columns are split by their remainder: phases that a strided layer or a pool reads then line up. */
  readonly phases: number;
  /** Positions from one row to the next. */
  readonly pitch: number;
  /** Whether each phase has ciphertexts of its own; otherwise phases lie beside channels. */
  readonly apart: boolean;
  /** Positions from one column to the next: 2 leaves the output of a stride of 2 where its input was. */
  readonly gap?: number;
  /** Blocks take so many times the room that they need: then they line up with those of a larger value. */
  readonly wide?: number;
}

function gridLayout(shape: Shape, used: Uint8Array, ring: number, spec: GridSpec): TensorLayout | undefined {
  const [channels, height, width] = shape as readonly [number, number, number];
  const { phases, pitch, apart, gap = 1, wide = 1 } = spec;
  const rows = Math.ceil(height / phases) - 1;
  const columns = Math.ceil(width / phases) - 1;
  const block = wide * powerOfTwo((rows * pitch + columns) * gap + 1);
  if (block > ring) return undefined;
  const members = phases * phases;
  // Channels that nothing reads take no room.
  const numberOf = new Int32Array(channels);
  let kept = 0;
  for (let c = 0; c < channels; c += 1) {
    numberOf[c] = kept;
    if (used.subarray(c * height * width, (c + 1) * height * width).includes(1)) kept += 1;
  }
  const lanes = Math.max(1, apart ? kept : kept * members);
  const perCiphertext = Math.min(ring / block, powerOfTwo(lanes));
  const perMember = Math.ceil(lanes / perCiphertext);
  const ciphertext = new Int32Array(used.length).fill(-1);
  const position = new Int32Array(used.length).fill(-1);
  const numbers = new Map<number, number>();
  let e = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, e += 1) {
        if (used[e] === 0) continue;
        const member = (y % phases) * phases + (x % phases);
        const lane = apart ? numberOf[c] : member * kept + numberOf[c];
        const index = (apart ? member * perMember : 0) + Math.floor(lane / perCiphertext);
        // Ciphertexts without a used element are never made.
        let number = numbers.get(index);
        if (number === undefined) numbers.set(index, (number = numbers.size));
        ciphertext[e] = number;
        const place = Math.floor(y / phases) * pitch + Math.floor(x / phases);
        position[e] = (lane % perCiphertext) * block + place * gap;
      }
    }
  }
  const spread = `${gap > 1 ? `, gap ${gap}` : ''}${wide > 1 ? `, wide ${wide}` : ''}`;
  const name = `grid phases ${phases}${apart ? ' apart' : ''}, pitch ${pitch}${spread}`;
  return { name, period: perCiphertext * block, count: Math.max(1, numbers.size), ciphertext, position };
}

/**
 * The layouts worth trying for a value.
 * @param pitches row pitches of neighbouring values: a convolution between grids of one pitch needs one shift a tap
 */
export function layoutFamily(
  shape: Shape,
  used: Uint8Array,
  ring: number,
  pitches: readonly number[],
): TensorLayout[] {
  const family = [flatLayout(used, ring)];
  if (shape.length !== 3 || shape[1] * shape[2] === 1) return family;
  const [, height, width] = shape;
  const seen = new Set<string>();
  const add = (spec: GridSpec): void => {
    const layout = gridLayout(shape, used, ring, spec);
    if (!layout || seen.has(layout.name)) return;
    // Places between are worth leaving where that takes no more ciphertexts.
    if ((spec.gap ?? 1) > 1 && layout.count > 1) return;
    seen.add(layout.name);
    family.push(layout);
  };
  for (const phases of [1, 2, 3, 4]) {
    if (phases > 1 && (height < 2 * phases || width < 2 * phases)) continue;
    const own = Math.ceil(width / phases);
    for (const pitch of new Set([own, ...pitches])) {
      if (pitch < own || pitch > 2 * own + 4) continue;
      for (const apart of phases > 1 ? [true, false] : [true]) {
        add({ phases, pitch, apart });
      }
    }
  }
  // Behind strides: in the places of every second or fourth row and column of the larger value, in blocks of its size.
  for (const gap of [2, 4]) {
    for (const pitch of pitches) {
      if (pitch < width || pitch > gap * width + 4) continue;
      for (const wide of [1, 2]) add({ phases: 1, pitch, apart: true, gap, wide });
    }
  }
  return family;
}

/** Row pitches a value's own grids would have. */
export function ownPitches(shape: Shape): number[] {
  return shape.length === 3 ? [1, 2, 3, 4].map((phases) => Math.ceil(shape[2] / phases)) : [];
}

/** The layouts worth trying for values that stand one after the other: alike for all of them, in ciphertexts of their own. */
export function jointFamily(
  shapes: readonly Shape[],
  used: Uint8Array,
  ring: number,
  pitches: readonly number[],
): TensorLayout[] {
  if (shapes.length === 1) return layoutFamily(shapes[0], used, ring, pitches);
  let at = 0;
  const families = shapes.map((shape) => {
    const own = used.subarray(at, (at += elementCount(shape)));
    return layoutFamily(shape, own, ring, pitches);
  });
  const longest = families.reduce((a, b) => (b.length > a.length ? b : a));
  return longest.map(({ name }) => {
    const parts = families.map((family) => family.find((layout) => layout.name === name) ?? family[0]);
    return jointLayout(name, parts);
  });
}

/** `parts` in ciphertexts one after the other, over the longest period of them. */
function jointLayout(name: string, parts: readonly TensorLayout[]): TensorLayout {
  const size = parts.reduce((sum, { position }) => sum + position.length, 0);
  const ciphertext = new Int32Array(size);
  const position = new Int32Array(size);
  let [at, count] = [0, 0];
  for (const part of parts) {
    position.set(part.position, at);
    part.ciphertext.forEach((c, e) => (ciphertext[at + e] = c < 0 ? -1 : c + count));
    at += part.position.length;
    count += part.count;
  }
  const period = parts.reduce((most, part) => Math.max(most, part.period), 1);
  return { name, period, count, ciphertext, position };
}
