// Draws contact sheets of the styles as the networks compute them: `node scripts/contact-sheets.ts [--drawing] [--styles a,b] [--versions 2,4]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encodePng } from '../src/qr/png.ts';
import { STYLES } from '../src/style/styles.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { randomPayload } from '../training/payloads.ts';
import { drawStyle } from './draw-style.ts';
import { putOn, whiteSheet } from './sheet.ts';

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
  const sheet = whiteSheet(columns, rows, side);
  chosen.forEach((style, index) => {
    const started = performance.now();
    const framed = drawStyle(style, code, PIXELS, values.drawing ? 'drawing' : 'network');
    putOn(sheet, framed, index % columns, Math.floor(index / columns), side);
    console.log(`${style.id} v${version} ${Math.round(performance.now() - started)} ms`);
  });
  writeFileSync(`${values.out}/v${String(version).padStart(2, '0')}.png`, encodePng(sheet));
}
