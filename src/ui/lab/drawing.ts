// A drawn digit as a network takes it: strokes put in the middle of its picture, as the digits it learned from are.

/** A point of a stroke, in the unit square, y downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Points that were drawn without lifting the pen. */
export type Stroke = readonly Point[];

/** How a network's pictures are drawn. */
export interface PictureForm {
  /** Pixels along one side. */
  readonly side: number;
  /** Share of the side that the longer side of the ink takes, pen included. */
  readonly fill: number;
  /** Half the width of a stroke, of the picture's side. */
  readonly pen: number;
  /** What is subtracted from a pixel of 0 to 1, and what that is divided by. */
  readonly mean: number;
  readonly deviation: number;
}

/** Distance of (x, y) from the segment between `a` and `b`. */
function distance(x: number, y: number, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length));
  return Math.hypot(x - a.x - along * dx, y - a.y - along * dy);
}

/** Segments of all strokes; a stroke of one point is a dot. */
function segmentsOf(strokes: readonly Stroke[]): readonly (readonly [Point, Point])[] {
  return strokes.flatMap((stroke) =>
    stroke.length === 1
      ? [[stroke[0], stroke[0]] as const]
      : stroke.slice(1).map((point, i) => [stroke[i], point] as const),
  );
}

/** `strokes` scaled and moved so that the ink has the size that the network knows, and its mass is in the middle. */
export function centred(strokes: readonly Stroke[], { fill, pen }: PictureForm): Stroke[] {
  const all = strokes.flat();
  if (all.length === 0) return [];
  const range = (of: (point: Point) => number): number => Math.max(...all.map(of)) - Math.min(...all.map(of));
  const longer = Math.max(
    range(({ x }) => x),
    range(({ y }) => y),
  );
  // A dot stays a dot.
  const scale = longer < 0.02 ? 1 : (fill - 2 * pen) / longer;
  let [mass, x, y] = [0, 0, 0];
  for (const [a, b] of segmentsOf(strokes)) {
    const length = Math.hypot(b.x - a.x, b.y - a.y) + 1e-6;
    mass += length;
    x += (length * (a.x + b.x)) / 2;
    y += (length * (a.y + b.y)) / 2;
  }
  return strokes.map((stroke) =>
    stroke.map((point) => ({ x: (point.x - x / mass) * scale + 0.5, y: (point.y - y / mass) * scale + 0.5 })),
  );
}

/** Ink of 0 (paper) to 1 at each pixel, row by row, before it is normalised. */
export function inkOf(strokes: readonly Stroke[], { side, pen }: PictureForm): Float32Array {
  const segments = segmentsOf(strokes);
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side];
    const nearest = Math.min(...segments.map(([a, b]) => distance(x, y, a, b)));
    return segments.length === 0 ? 0 : Math.min(1, Math.max(0, (pen - nearest) * side + 0.5));
  });
}

/** The input of a network that learned from pictures of `form`. */
export function pictureOf(strokes: readonly Stroke[], form: PictureForm): Float32Array {
  return inkOf(centred(strokes, form), form).map((ink) => (ink - form.mean) / form.deviation);
}
