// The 3×3 neighbourhoods of a code's modules, as numbers.
import { SealedError } from '../base/errors.ts';

/**
 * The 3×3 neighbourhood of every module as a number below 512: bit `3·(dy + 1) + dx + 1` is the module at offset
 * (dx, dy), and modules outside the matrix are light.
 *
 * @throws SealedError `invalid-argument` if `dark` does not hold `modules`² values
 */
export function neighbourhoods(dark: Uint8Array, modules: number): Uint16Array {
  if (!Number.isInteger(modules) || modules < 1 || dark.length !== modules * modules) {
    throw new SealedError(
      'invalid-argument',
      `A matrix of ${modules} by ${modules} modules needs ${modules * modules} values, and ${dark.length} were given.`,
      { stage: 'style' },
    );
  }
  const patterns = new Uint16Array(dark.length);
  for (let y = 0; y < modules; y++) {
    for (let x = 0; x < modules; x++) {
      let pattern = 0;
      for (let bit = 0; bit < 9; bit++) {
        const row = y + Math.floor(bit / 3) - 1;
        const column = x + (bit % 3) - 1;
        const inside = row >= 0 && row < modules && column >= 0 && column < modules;
        if (inside && dark[row * modules + column] === 1) pattern |= 1 << bit;
      }
      patterns[y * modules + x] = pattern;
    }
  }
  return patterns;
}
