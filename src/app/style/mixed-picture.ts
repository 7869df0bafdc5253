// Mixes a style's dark and light colours by the coverages that a service has drawn: the service knows neither.
import { emptyRaster, type Raster } from '../../base/raster.ts';
import { unpackCoverage } from '../../style/edges.ts';
import { MARGIN } from '../../style/recipe.ts';
import type { StyleGround } from '../../style/tables.ts';

/**
 * The picture of a code of `modules` by `modules` with its margin: light + a·(dark − light), a from `packed`, the packed
 * coverages; `ground` has `around` modules on each side of the code.
 */
export function mixedPicture(
  packed: Pick<Raster, 'data'>,
  { light, dark, around }: StyleGround & { readonly around: number },
  modules: number,
  pixelsPerModule: number,
): Raster {
  const coverage = unpackCoverage(packed.data, modules, pixelsPerModule);
  const side = (modules + 2 * MARGIN) * pixelsPerModule;
  const before = (around - MARGIN) * pixelsPerModule;
  const picture = emptyRaster(side, side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const share = coverage[y * side + x];
      const from = 3 * ((y + before) * light.width + x + before);
      const to = 3 * (y * side + x);
      for (let c = 0; c < 3; c += 1) {
        const ground = light.data[from + c];
        picture.data[to + c] = Math.round(ground + share * (dark.data[from + c] - ground));
      }
    }
  }
  return picture;
}
