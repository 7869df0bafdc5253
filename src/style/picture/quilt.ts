// Image quilting: a field of any size from patches of a picture, joined along their least visible seams.
// Efros and Freeman, "Image quilting for texture synthesis and transfer" (2001), with a price on using a place again.
import { seededRandom } from '../../base/seeded-random.ts';

/** Side of a patch and of its overlap with the one before, in pixels. */
export const PATCH = 24;
const OVERLAP = 8;
/** Places tried for each patch. */
const TRIES = 400;
/** Every so many rows of an overlap are compared: neighbouring ones say nearly the same. */
const ROWS = 2;
/** What an earlier use of a place costs, in mean squared difference: without it one stripe is repeated. */
const REUSE = 0.003;

/** What is quilted: three numbers a pixel, and where patches may be taken from (indices of upper left corners). */
export interface QuiltSource {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly corners: Int32Array;
}

/** For every pixel of a field of `side`², the index of the source's pixel that it shows. */
export function quilt(
  { values, width, height, corners }: QuiltSource,
  side: number,
  seed: number,
): Int32Array {
  const random = seededRandom(seed);
  const step = PATCH - OVERLAP;
  const count = Math.ceil((side - PATCH) / step) + 1;
  const across = (count - 1) * step + PATCH;
  const made = new Float32Array(3 * across * across);
  const source = new Int32Array(across * across);
  const uses = new Float32Array(width * height);
  const allowed = new Uint8Array(width * height);
  for (const corner of corners) allowed[corner] = 1;
  const placed = new Int32Array(count * count);

  /** Squared difference of the patch at `corner` from what lies at (x, y) of the field already. */
  const difference = (corner: number, x: number, y: number): number => {
    const from = 3 * corner;
    const to = 3 * (y * across + x);
    let sum = 0;
    for (let c = 0; c < 3; c += 1) sum += (values[from + c] - made[to + c]) ** 2;
    return sum;
  };
  const overlapCost = (corner: number, left: number, top: number, most: number): number => {
    let sum = 0;
    const rows = (columns: number, lines: number): void => {
      for (let y = 0; y < lines && sum < most; y += ROWS) {
        // The innermost loop of all: three numbers a pixel, side by side in both.
        const from = 3 * (corner + y * width);
        const to = 3 * ((top + y) * across + left);
        for (let k = 0; k < 3 * columns; k += 1) {
          const error = values[from + k] - made[to + k];
          sum += error * error;
        }
      }
    };
    if (left > 0) rows(OVERLAP, PATCH);
    if (top > 0) rows(PATCH, OVERLAP);
    return sum;
  };

  const choose = (column: number, row: number): number => {
    const [left, top] = [column * step, row * step];
    const pixels = ((PATCH * OVERLAP) / ROWS) * (Number(column > 0) + Number(row > 0));
    let best = corners[Math.floor(random() * corners.length)];
    if (pixels === 0) return best;
    let least = Infinity;
    const consider = (corner: number): void => {
      const room = (least - REUSE * uses[corner]) * pixels;
      if (room <= 0) return;
      const cost = overlapCost(corner, left, top, room) / pixels + REUSE * uses[corner];
      if (cost < least) [best, least] = [corner, cost];
    };
    // What goes on where a neighbour's patch ends fits best of all.
    const onward = (corner: number): void => {
      if (corner < allowed.length && allowed[corner] === 1) consider(corner);
    };
    if (column > 0) onward(placed[row * count + column - 1] + step);
    if (row > 0) onward(placed[(row - 1) * count + column] + step * width);
    for (let i = 0; i < TRIES; i += 1) consider(corners[Math.floor(random() * corners.length)]);
    return best;
  };

  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      const [left, top] = [column * step, row * step];
      const corner = choose(column, row);
      placed[row * count + column] = corner;
      raise(uses, width, height, corner);
      const error = (x: number, y: number): number => difference(corner + y * width + x, left + x, top + y);
      const fromLeft = column > 0 ? seam((along, over) => error(over, along)) : undefined;
      const fromTop = row > 0 ? seam((along, over) => error(along, over)) : undefined;
      for (let y = 0; y < PATCH; y += 1) {
        for (let x = 0; x < PATCH; x += 1) {
          if ((fromLeft && x < fromLeft[y]) || (fromTop && y < fromTop[x])) continue;
          const at = (top + y) * across + left + x;
          const pixel = corner + y * width + x;
          source[at] = pixel;
          for (let c = 0; c < 3; c += 1) made[3 * at + c] = values[3 * pixel + c];
        }
      }
    }
  }
  return Int32Array.from(
    { length: side * side },
    (_, i) => source[Math.floor(i / side) * across + (i % side)],
  );
}

/** Counts a use of the places round `corner`. */
function raise(uses: Float32Array, width: number, height: number, corner: number): void {
  const reach = Math.floor(PATCH / 3);
  const [row, column] = [Math.floor(corner / width), corner % width];
  for (let y = Math.max(0, row - reach); y <= Math.min(height - 1, row + reach); y += 1) {
    for (let x = Math.max(0, column - reach); x <= Math.min(width - 1, column + reach); x += 1) {
      uses[y * width + x] += 1;
    }
  }
}

/** The cheapest path along an overlap: where across it the new patch begins. */
function seam(error: (along: number, over: number) => number): Int32Array {
  const cost = new Float64Array(PATCH * OVERLAP);
  for (let along = 0; along < PATCH; along += 1) {
    for (let over = 0; over < OVERLAP; over += 1) {
      let before = 0;
      if (along > 0) {
        before = Infinity;
        for (let from = Math.max(0, over - 1); from <= Math.min(OVERLAP - 1, over + 1); from += 1) {
          before = Math.min(before, cost[(along - 1) * OVERLAP + from]);
        }
      }
      cost[along * OVERLAP + over] = before + error(along, over);
    }
  }
  const path = new Int32Array(PATCH);
  for (let along = PATCH - 1; along >= 0; along -= 1) {
    const isLast = along === PATCH - 1;
    const [low, high] = isLast
      ? [0, OVERLAP - 1]
      : [Math.max(0, path[along + 1] - 1), Math.min(OVERLAP - 1, path[along + 1] + 1)];
    let best = low;
    for (let over = low; over <= high; over += 1) {
      if (cost[along * OVERLAP + over] < cost[along * OVERLAP + best]) best = over;
    }
    path[along] = best;
  }
  return path;
}
