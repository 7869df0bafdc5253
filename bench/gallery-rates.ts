// How many fresh codes of each style read as drawn, and once corrected: `node bench/gallery-rates.ts [--count 4000] [--encrypted 400] [--versions 1-10] [--seconds N] [--json FILE]`.
// Encrypted codes go the whole way; the others are the float network's picture, rounded to 8 bits, corrected and proven alike.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { StyleSession } from '../src/app/style/style-session.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { createScanRole } from '../src/qr/scan-role.ts';
import { STYLES, type Style } from '../src/style/styles.ts';
import { randomPayload } from '../training/payloads.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { type ProvedCode, proveDrawn, proveStyled, RateTally } from './proved-rates.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '4000' },
    encrypted: { type: 'string', default: '400' },
    versions: { type: 'string', default: '1-10' },
    pixels: { type: 'string', default: '8' },
    seed: { type: 'string', default: '72' },
    seconds: { type: 'string', default: 'Infinity' },
    styles: { type: 'string' },
    json: { type: 'string' },
  },
});
const [smallest, largest] = values.versions.split('-').map(Number);
const versions = Array.from({ length: largest - smallest + 1 }, (_, i) => smallest + i);
const styles = STYLES.filter(
  ({ id }) => values.styles === undefined || values.styles.split(',').includes(id),
);
const [count, encrypted, seed] = [values.count, values.encrypted, values.seed].map(Number);
const pixelsPerModule = Number(values.pixels) === 4 ? 4 : 8;
const session = new StyleSession(nodeWorkers(1), loadModel);
const scan = createScanRole(scannerFiles());
const tallies = new Map(styles.map(({ id }) => [id, new RateTally()]));
const started = performance.now();
const date = new Date().toISOString().slice(0, 10);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();

/** Code number `index` of `style`: every style meets every version and level in turn, each with texts of its own. */
async function proved(style: Style, index: number, isEncrypted: boolean): Promise<ProvedCode> {
  const round = Math.floor(index / styles.length);
  // Few rounds meet small, middling and large versions all the same.
  const version = versions[(11 * round) % versions.length];
  const random = seededRandom(1_000_003 * seed + index);
  const ecc = ERROR_CORRECTION_LEVELS[Math.floor(4 * random())];
  const { text, code } = randomPayload(random, version, ecc);
  const colours = style.defaultColours;
  if (!isEncrypted) {
    const network = await session.references!.network(style);
    return proveDrawn({ style, network, code, text, pixelsPerModule }, scan);
  }
  const request = { text, ecc, style, colours, pixelsPerModule, backend: 'simd' } as const;
  return proveStyled(session, request);
}

function written(): object {
  const rates = Object.fromEntries([...tallies].map(([id, tally]) => [id, tally.rate()]));
  return { date, commit, seed, versions: values.versions, pixelsPerModule, rates };
}

for (let index = 0; index < count; index += 1) {
  if (performance.now() - started > 1000 * Number(values.seconds)) break;
  const style = styles[index % styles.length];
  // Whole rounds of all styles, evenly over the run.
  const round = Math.floor(index / styles.length);
  const rounds = Math.ceil(count / styles.length);
  const encryptedRounds = Math.ceil(encrypted / styles.length);
  const share = (at: number): number => Math.floor((at * encryptedRounds) / rounds);
  const isEncrypted = share(round + 1) > share(round);
  tallies.get(style.id)!.add(await proved(style, index, isEncrypted), isEncrypted);
  if (index % styles.length < styles.length - 1) continue;
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(written(), null, 2)}\n`);
}
session.close();
for (const [id, tally] of tallies) console.log(JSON.stringify({ style: id, ...tally.rate() }));
process.exit();
