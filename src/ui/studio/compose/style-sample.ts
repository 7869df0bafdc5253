// Draws a corner of a sample code by the style's own recipe, for the thumbnails.
import { encodeQr } from '../../../qr/matrix.ts';
import type { StyleColours } from '../../../style/colours.ts';
import { withoutFinders } from '../../../style/drawing/eyes.ts';
import { MARGIN } from '../../../style/recipe.ts';
import { placeOf, type Style } from '../../../style/styles.ts';
import { stylePainter } from '../../../style/tables.ts';

/** Modules along one side of a thumbnail beside its margin: a finder pattern and some data beside it. */
const SAMPLE_MODULES = 13;

/** As pictures have them unless asked otherwise. */
const PIXELS = 8;

/** Pixels along one side of a thumbnail. */
const SAMPLE_SIDE = (SAMPLE_MODULES + MARGIN) * PIXELS;

const sample = encodeQr('SEALED QR', { ecc: 'M' });
const dark = withoutFinders(sample.dark, sample.modules);

/** The thumbnail of `style` in `colours`: `SAMPLE_SIDE`² pixels, RGBA. */
export function drawSample(style: Style, colours: StyleColours): ImageData {
  const image = new ImageData(SAMPLE_SIDE, SAMPLE_SIDE);
  const place = placeOf(style, sample.modules, colours, PIXELS);
  const planes = stylePainter(style.recipe, place, { by: 'drawing' }, SAMPLE_MODULES)(dark);
  const pixels = SAMPLE_SIDE * SAMPLE_SIDE;
  for (let i = 0; i < pixels; i += 1) {
    // An image's bytes are clamped and rounded.
    for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = 255 * planes[c * pixels + i];
    image.data[4 * i + 3] = 255;
  }
  return image;
}
