// Draws contact sheets of the styles as the networks compute them: `node scripts/contact-sheets.ts [--drawing] [--styles a,b] [--versions 2,4]`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { emptyRaster, type Raster } from '../src/base/raster.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import { encodePng } from '../src/qr/png.ts';
import { withoutFinders } from '../src/style/drawing/eyes.ts';
import { MARGIN } from '../src/style/recipe.ts';
import { placeOf, STYLES } from '../src/style/styles.ts';
import { styleGround, stylePainter } from '../src/style/tables.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { randomPayload } from '../training/payloads.ts';

const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: '2,4,10,25' },
    styles: { type: 'string' },
    pixels: { type: 'string', default: '8' },
    drawing: { type: 'boolean', default: false },
    out: { type: 'string', default: 'docs/gallery' },
  },
});
const QUIET = 4;
const GAP = 8;
const PIXELS = Number(values.pixels);
const COLUMNS = 4;

const chosen = STYLES.filter(
  ({ id }) => values.styles === undefined || values.styles.split(',').includes(id),
);
mkdirSync(values.out, { recursive: true });
for (const version of values.versions.split(',').map(Number)) {
  const { code } = randomPayload(seededRandom(version), version, 'M');
  const side = (code.modules + 2 * QUIET) * PIXELS;
  const columns = COLUMNS;
  const rows = Math.ceil(chosen.length / columns);
  const sheet = emptyRaster(columns * (side + GAP) + GAP, rows * (side + GAP) + GAP);
  sheet.data.fill(255);
  chosen.forEach((style, index) => {
    const bytes = new Uint8Array(readFileSync(new URL(`../public/${style.model}`, import.meta.url)));
    const network = importOnnx(bytes, { inputShape: [1, 21, 21] });
    const place = placeOf(style, code.modules, style.defaultColours, PIXELS);
    const started = performance.now();
    const framed = styleGround(style.recipe, place, QUIET).light;
    const dark = withoutFinders(code.dark, code.modules);
    const coverages = values.drawing ? ({ by: 'drawing' } as const) : ({ by: 'network', network } as const);
    const picture = stylePainter(style.recipe, place, coverages)(dark);
    paste(framed, picture, (QUIET - MARGIN) * PIXELS);
    const [left, top] = [index % columns, Math.floor(index / columns)].map((at) => GAP + at * (side + GAP));
    for (let y = 0; y < side; y += 1) {
      const row = framed.data.subarray(3 * y * side, 3 * (y + 1) * side);
      sheet.data.set(row, 3 * ((top + y) * sheet.width + left));
    }
    console.log(`${style.id} v${version} ${Math.round(performance.now() - started)} ms`);
  });
  writeFileSync(`${values.out}/v${String(version).padStart(2, '0')}.png`, encodePng(sheet));
}

/** Puts planes of 0 … 1 into `raster`, `border` pixels from its edges. */
function paste(raster: Raster, planes: Float32Array, border: number): void {
  const side = raster.width - 2 * border;
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      for (let c = 0; c < 3; c += 1) {
        const value = planes[(c * side + y) * side + x];
        raster.data[3 * ((y + border) * raster.width + x + border) + c] = Math.max(
          0,
          Math.min(255, Math.round(255 * value)),
        );
      }
    }
  }
}
