// How many fresh codes of each style read as drawn: `node bench/gallery-rates.ts [--count 4000] [--versions 1-10] [--seed 71] [--json FILE]`.
// The pictures are the float networks', rounded to 8 bits; bench/scan-rate.ts runs encrypted ones, and corrects.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Raster } from '../src/base/raster.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { createCorrector } from '../src/qr/correct.ts';
import type { QrCode } from '../src/qr/matrix.ts';
import { exportGeometry } from '../src/qr/prove.ts';
import { resample } from '../src/qr/raster.ts';
import { DECODERS, loadScanners } from '../src/qr/scan.ts';
import { withoutFinders } from '../src/style/drawing/eyes.ts';
import { MARGIN } from '../src/style/recipe.ts';
import { placeOf, type Style, STYLES } from '../src/style/styles.ts';
import { styleGround, stylePainter } from '../src/style/tables.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { randomPayload } from '../training/payloads.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '4000' },
    versions: { type: 'string', default: '1-10' },
    seed: { type: 'string', default: '71' },
    styles: { type: 'string' },
    json: { type: 'string' },
  },
});
const PIXELS = 8;
const AROUND = 5;
const [smallest, largest] = values.versions.split('-').map(Number);
const versions = Array.from({ length: largest - smallest + 1 }, (_, i) => smallest + i);
const styles = STYLES.filter(
  ({ id }) => values.styles === undefined || values.styles.split(',').includes(id),
);
const perCell = Math.ceil(Number(values.count) / (styles.length * versions.length));
const random = seededRandom(Number(values.seed));
const scanners = await loadScanners(scannerFiles());
const { border } = exportGeometry(PIXELS);

/** Sizes that are read: as exported, and at half. */
const SCALES = [1, 0.5];

/** A code of just this version, and its text. */
function freshCode(version: number): { readonly code: QrCode; readonly text: string } {
  const ecc = ERROR_CORRECTION_LEVELS[Math.floor(4 * random())];
  return randomPayload(random, version, ecc);
}

function rounded(planes: Float32Array, side: number): Raster {
  const data = new Uint8Array(3 * side * side);
  const pixels = side * side;
  for (let i = 0; i < pixels; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      data[3 * i + c] = Math.max(0, Math.min(255, Math.round(255 * planes[c * pixels + i])));
    }
  }
  return { width: side, height: side, data };
}

interface Rate {
  codes: number;
  contrast: number;
  readonly read: Record<string, number>;
}

async function measure(style: Style): Promise<Rate> {
  const bytes = readFileSync(new URL(`../public/${style.model}`, import.meta.url));
  const network = importOnnx(new Uint8Array(bytes), { inputShape: [1, 21, 21] });
  const rate: Rate = { codes: 0, contrast: 0, read: {} };
  for (const version of versions) {
    const modules = 17 + 4 * version;
    const place = placeOf(style, modules, style.defaultColours, PIXELS);
    const paint = stylePainter(style.recipe, place, { by: 'network', network });
    const ground = styleGround(style.recipe, place, AROUND);
    const colourAt =
      ({ width, data }: Raster) =>
      (x: number, y: number): [number, number, number] => {
        const at = 3 * ((y + AROUND * PIXELS) * width + x + AROUND * PIXELS);
        return [data[at], data[at + 1], data[at + 2]];
      };
    for (let i = 0; i < perCell; i += 1) {
      const { code, text } = freshCode(version);
      const picture = rounded(paint(withoutFinders(code.dark, modules)), (modules + 2 * MARGIN) * PIXELS);
      const [light, foreground] = [colourAt(ground.light), colourAt(ground.dark)];
      const corrector = createCorrector({
        picture,
        code,
        pixelsPerModule: PIXELS,
        margin: MARGIN,
        light,
        foreground,
      });
      const framed = corrector.uncorrected(border);
      rate.codes += 1;
      rate.contrast += Number(corrector.hasContrast());
      for (const scale of SCALES) {
        const side = Math.round(scale * framed.width);
        const seen = scale === 1 ? framed : resample(framed, side, side);
        for (const decoder of DECODERS) {
          const name = `${decoder} ${PIXELS * scale} px`;
          const isRead = (await scanners[decoder](seen)) === text;
          rate.read[name] = (rate.read[name] ?? 0) + Number(isRead);
        }
      }
    }
  }
  return rate;
}

const rates: Record<string, Rate> = {};
for (const style of styles) {
  rates[style.id] = await measure(style);
  console.log(JSON.stringify({ style: style.id, ...rates[style.id] }));
}
scanners.dispose();
if (values.json !== undefined) {
  const text = JSON.stringify({ seed: Number(values.seed), versions: values.versions, rates }, null, 2);
  writeFileSync(values.json, `${text}\n`);
}
