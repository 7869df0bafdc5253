// How many fresh codes of each style read as drawn, by size and decoder: `node bench/drawn-rates.ts [--count 4000] [--versions 1-10] [--seed 72] [--styles a,b] [--json FILE]`.
// The pictures are the float networks', rounded to 8 bits; bench/gallery-rates.ts corrects and encrypts too. With --json the other styles of a file that is there stay.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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
const perVersion = Math.ceil(Number(values.count) / (STYLES.length * versions.length));
const scanners = await loadScanners(scannerFiles());
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
interface Measured extends Rate {
  readonly seed: number;
  readonly date: string;
  readonly commit: string;
}
const rates: Record<string, Measured> =
  values.json !== undefined && existsSync(values.json)
    ? (JSON.parse(readFileSync(values.json, 'utf8')) as { rates: Record<string, Measured> }).rates
    : {};
for (const [index, style] of STYLES.entries()) {
  if (values.styles !== undefined && !values.styles.split(',').includes(style.id)) continue;
  const bytes = readFileSync(new URL(`../public/${style.model}`, import.meta.url));
  const network = importOnnx(new Uint8Array(bytes), { inputShape: [1, 21, 21] });
  const seed = Number(values.seed);
  const random = seededRandom(1000 * seed + index);
  const rate = await readsAsDrawn(style, network, versions, perVersion, random, scanners);
  rates[style.id] = { seed, date: new Date().toISOString().slice(0, 10), commit, ...rate };
  console.log(JSON.stringify({ style: style.id, ...rates[style.id] }));
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ versions: values.versions, rates }, null, 2)}\n`);
}
scanners.dispose();
