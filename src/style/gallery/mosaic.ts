// Mosaic: four hand-cut tesserae a module, set in grout that stays near their own tone.
import { eyePart } from '../drawing/eyes.ts';
import { paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { hash } from '../drawing/noise.ts';
import { type Colour, colourOf, hex, mix, shade, smoothStep, squircle } from '../drawing/shapes.ts';
import type { Recipe } from '../recipe.ts';

/** Tesserae along one side of a module. */
const ACROSS = 2;
/** How far a tessera's middle strays, in tesserae. */
const STRAY = 0.42;
/** Width of the grout, in modules. */
const GROUT = 0.05;

/** The tessera at (x, y): the module it belongs to, two numbers of its own, how far its stone hides the grout. */
interface Tessera {
  column: number;
  row: number;
  first: number;
  second: number;
  stone: number;
}

function findTessera(x: number, y: number, tessera: Tessera): void {
  const [across, down] = [x * ACROSS, y * ACROSS];
  const [left, top] = [Math.floor(across), Math.floor(down)];
  let nearest = 9;
  let next = 9;
  let [ownX, ownY] = [left, top];
  for (let dy = -1; dy <= 1; dy += 1) {
    for (let dx = -1; dx <= 1; dx += 1) {
      const [gx, gy] = [left + dx, top + dy];
      const distance = squircle(
        across - gx - 0.5 - STRAY * (hash(gx, gy, 21) - 0.5),
        down - gy - 0.5 - STRAY * (hash(gx, gy, 22) - 0.5),
      );
      if (distance < nearest) {
        next = nearest;
        nearest = distance;
        [ownX, ownY] = [gx, gy];
      } else if (distance < next) next = distance;
    }
  }
  tessera.column = Math.floor(ownX / ACROSS);
  tessera.row = Math.floor(ownY / ACROSS);
  tessera.first = hash(ownX, ownY, 28);
  tessera.second = hash(ownX, ownY, 29);
  tessera.stone = smoothStep(GROUT * 0.4, GROUT * 1.3, (next - nearest) / ACROSS);
}

const TAPS = Array.from({ length: 9 }, (_, i): readonly [number, number] => [
  (i % 3) - 1,
  Math.floor(i / 3) - 1,
]);

/** The recipe of `mosaic`. */
export const mosaic: Recipe = {
  coverages: { kind: 'taps', taps: TAPS },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const sheet = colourOf(colours.background);
    const stones = gradientOf(place);
    const rust = ownColours ? hex('#8a2f1d') : colourOf(colours.end);
    const cream = ownColours ? hex('#f7d9b8') : shade(sheet, 0.96);
    const tessera: Tessera = { column: 0, row: 0, first: 0, second: 0, stone: 0 };
    return (x, y, { light, delta }) => {
      findTessera(x, y, tessera);
      const { column, row, first, second, stone } = tessera;
      const spread = 0.3 * modules * (first - 0.5);
      let dark: Colour = stones(x + spread, y + spread);
      if (second > 0.93) dark = mix(dark, rust, 0.85);
      dark = shade(dark, 0.8 + 0.4 * second);
      let pale = mix(sheet, shade(sheet, 0.95), first);
      if (second > 0.86) pale = mix(pale, cream, 0.8);
      pale = shade(pale, 0.97 + 0.03 * first);
      const set = (colour: Colour, grout: Colour): Colour => mix(grout, colour, stone);
      const ground = set(pale, shade(sheet, 0.87));
      const filled = set(dark, shade(dark, 0.62));
      const part = eyePart(column, row, modules);
      const pupil = shade(rust, 0.85 + 0.4 * second);
      const eye = part === 1 ? filled : part === 2 ? set(pupil, shade(rust, 0.6)) : ground;
      paint(light, eye);
      delta.fill(0);
      const [dx, dy] = [column - Math.floor(x), row - Math.floor(y)];
      if (part === 0) paintDelta(delta, 3 * (dy + 1) + dx + 1, ground, filled);
    };
  },
};
