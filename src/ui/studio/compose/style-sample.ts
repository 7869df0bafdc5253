// Draws a corner of a sample code as a style's reference picture has it, for the thumbnails.
import { encodeQr } from '../../../qr/matrix.ts';
import type { StyleColours } from '../../../style/colours.ts';
import { neighbourhoods, referenceTile, TILE_SIDE } from '../../../style/reference.ts';
import { foregroundOf, type Style } from '../../../style/styles.ts';

/** Modules along one side of a thumbnail: a finder pattern and some data beside it. */
const SAMPLE_MODULES = 13;

/** Pixels along one side of a thumbnail. */
const SAMPLE_SIDE = SAMPLE_MODULES * TILE_SIDE;

const sample = encodeQr('SEALED QR', { ecc: 'M' });
const patterns = neighbourhoods(sample.dark, sample.modules);

/** The thumbnail of `style` in `colours`: `SAMPLE_SIDE`² pixels, RGBA. */
export function drawSample(style: Style, colours: StyleColours): ImageData {
  const image = new ImageData(SAMPLE_SIDE, SAMPLE_SIDE);
  const foregroundAt = foregroundOf(style, colours, SAMPLE_SIDE);
  for (let y = 0; y < SAMPLE_SIDE; y += 1) {
    for (let x = 0; x < SAMPLE_SIDE; x += 1) {
      const module = Math.floor(y / TILE_SIDE) * sample.modules + Math.floor(x / TILE_SIDE);
      const tile = referenceTile(style.id, patterns[module]);
      const coverage = tile[(y % TILE_SIDE) * TILE_SIDE + (x % TILE_SIDE)];
      const foreground = foregroundAt(x, y);
      const at = 4 * (y * SAMPLE_SIDE + x);
      for (let c = 0; c < 3; c += 1) {
        const ground = colours.background[c];
        image.data[at + c] = ground + coverage * (foreground[c] - ground);
      }
      image.data[at + 3] = 255;
    }
  }
  return image;
}
