// The three eyes of a code: where they are, and their two parts.

/** Side of a finder pattern, in modules (ISO/IEC 18004, 6.3.3). */
const FINDER = 7;

/** Offset of a place from the centre of the eye next to it. */
export interface EyePlace {
  u: number;
  v: number;
  /** 0 upper left, 1 upper right, 2 lower left. */
  index: number;
}

/**
 * Whether (x, y), in modules, lies within `reach` modules of the centre of an eye, as a square; writes the offset into
 * `place`.
 */
export function nearEye(x: number, y: number, modules: number, reach: number, place: EyePlace): boolean {
  const far = modules - FINDER / 2;
  for (let index = 0; index < 3; index += 1) {
    const u = x - (index === 1 ? far : FINDER / 2);
    const v = y - (index === 2 ? far : FINDER / 2);
    if (u > -reach && u < reach && v > -reach && v < reach) {
      place.u = u;
      place.v = v;
      place.index = index;
      return true;
    }
  }
  return false;
}

/** Whether the module at (column, row) belongs to a finder pattern. */
export function isFinder(column: number, row: number, modules: number): boolean {
  const high = modules - FINDER;
  const within = (value: number, low: number): boolean => value >= low && value < low + FINDER;
  return (
    (within(column, 0) && within(row, 0)) ||
    (within(column, high) && within(row, 0)) ||
    (within(column, 0) && within(row, high))
  );
}

/** What a finder's module is: 0 light or no finder, 1 ring, 2 pupil. Any whole numbers. */
export function eyePart(column: number, row: number, modules: number): 0 | 1 | 2 {
  if (!isFinder(column, row, modules)) return 0;
  const high = modules - FINDER;
  const x = Math.abs((column >= high ? column - high : column) - 3);
  const y = Math.abs((row >= high ? row - high : row) - 3);
  const ring = x > y ? x : y;
  return ring === 3 ? 1 : ring === 2 ? 0 : 2;
}

/** `dark`, modules², with the finder patterns light: a style draws them by the place, not by the code. */
export function withoutFinders(dark: ArrayLike<number>, modules: number): Float32Array {
  return Float32Array.from({ length: modules * modules }, (_, i) =>
    isFinder(i % modules, Math.floor(i / modules), modules) ? 0 : dark[i],
  );
}
