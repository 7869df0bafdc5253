// A code as a style's network draws it, quiet zone included: for sheets that are looked at.
import { readFileSync } from 'node:fs';
import type { Raster } from '../src/base/raster.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import type { QrCode } from '../src/qr/matrix.ts';
import { withoutFinders } from '../src/style/drawing/eyes.ts';
import { MARGIN } from '../src/style/recipe.ts';
import { placeOf, type Style } from '../src/style/styles.ts';
import { type Coverages, styleGround, stylePainter } from '../src/style/tables.ts';

const QUIET = 4;

/** `code` in `style`, as the network computes it or as the recipe's functions have it. */
export function drawStyle(
  style: Style,
  { modules, dark }: Pick<QrCode, 'modules' | 'dark'>,
  pixelsPerModule: number,
  by: Coverages['by'] = 'network',
): Raster {
  const bytes = new Uint8Array(readFileSync(new URL(`../public/${style.model}`, import.meta.url)));
  const coverages: Coverages =
    by === 'drawing' ? { by } : { by, network: importOnnx(bytes, { inputShape: [1, 21, 21] }) };
  const place = placeOf(style, modules, style.defaultColours, pixelsPerModule);
  const raster = styleGround(style.recipe, place, QUIET).light;
  const planes = stylePainter(style.recipe, place, coverages)(withoutFinders(dark, modules));
  const side = (modules + 2 * MARGIN) * pixelsPerModule;
  const border = (QUIET - MARGIN) * pixelsPerModule;
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const at = 3 * ((y + border) * raster.width + x + border);
      for (let c = 0; c < 3; c += 1) {
        const value = planes[(c * side + y) * side + x];
        raster.data[at + c] = Math.max(0, Math.min(255, Math.round(255 * value)));
      }
    }
  }
  return raster;
}
