// Foreground colours that run over the code, from the start to the end colour.
import { colourMixer, fieldPosition } from '../colour-field.ts';
import type { Place } from '../recipe.ts';
import type { Colour } from './shapes.ts';

/** Steps of a table of colours: finer than 8 bits show. */
const STEPS = 512;

/** The foreground colour at a place in modules, by the style's colour field. Beyond the code it goes on as at its rim. */
export function gradientOf({ modules, colours, field }: Place): (x: number, y: number) => Colour {
  const mix = colourMixer(field, colours.start, colours.end);
  const table = Array.from({ length: STEPS + 1 }, (_, i): Colour => {
    const [r, g, b] = mix(i / STEPS);
    return [r / 255, g / 255, b / 255];
  });
  const inside = (value: number): number => Math.min(1, Math.max(0, value / modules));
  return (x, y) => table[Math.round(STEPS * fieldPosition(field, inside(x), inside(y)))];
}
