// How many fresh codes of each style read as drawn: `node bench/gallery-rates.ts [--count 4000] [--versions 1-10] [--seed 72] [--json FILE]`.
// The pictures are the float networks', rounded to 8 bits; bench/scan-rate.ts runs encrypted ones, and corrects.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { seededRandom } from '../src/base/seeded-random.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import { loadScanners } from '../src/qr/scan.ts';
import { STYLES } from '../src/style/styles.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';
import { type Rate, readsAsDrawn } from './style-figures.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '4000' },
    versions: { type: 'string', default: '1-10' },
    seed: { type: 'string', default: '72' },
    styles: { type: 'string' },
    json: { type: 'string' },
  },
});
const [smallest, largest] = values.versions.split('-').map(Number);
const versions = Array.from({ length: largest - smallest + 1 }, (_, i) => smallest + i);
const styles = STYLES.filter(
  ({ id }) => values.styles === undefined || values.styles.split(',').includes(id),
);
const perVersion = Math.ceil(Number(values.count) / (styles.length * versions.length));
const scanners = await loadScanners(scannerFiles());
const rates: Record<string, Rate> = {};
for (const [index, style] of styles.entries()) {
  const bytes = readFileSync(new URL(`../public/${style.model}`, import.meta.url));
  const network = importOnnx(new Uint8Array(bytes), { inputShape: [1, 21, 21] });
  const random = seededRandom(1000 * Number(values.seed) + index);
  const rate = await readsAsDrawn(style, network, versions, perVersion, random, scanners);
  rates[style.id] = rate;
  console.log(JSON.stringify({ style: style.id, ...rate }));
}
scanners.dispose();
if (values.json !== undefined) {
  const text = JSON.stringify({ seed: Number(values.seed), versions: values.versions, rates }, null, 2);
  writeFileSync(values.json, `${text}\n`);
}
