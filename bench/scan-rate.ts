// How many random payloads come out scannable: `node bench/scan-rate.ts [--count 100] [--seed 1] [--backend simd] [--json]`.
// Styles, levels, lengths and payload kinds are mixed; each picture is encoded as PNG, decoded again and scanned.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeWorkers } from '../workers/platform/node.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';
import { styleCode } from '../src/app/style/pipeline.ts';
import { BACKENDS, type BackendName } from '../src/app/session/backends.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { asSealedError } from '../src/base/errors.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { decodePng, encodePng } from '../src/qr/png.ts';
import { DECODERS, loadScanners } from '../src/qr/scan.ts';
import { STYLES } from '../src/style/styles.ts';
import { seededRandom } from '../src/base/seeded-random.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'simd' },
    json: { type: 'boolean', default: false },
  },
});
const backend = BACKENDS.find((name) => name === values.backend) satisfies BackendName | undefined;
if (!backend) throw new Error(`--backend must be ${BACKENDS.join(' or ')}.`);

const random = seededRandom(Number(values.seed));
const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)];
const text = (alphabet: string, most: number): string =>
  Array.from({ length: 1 + Math.floor(random() * most) }, () => pick([...alphabet])).join('');
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const KINDS: readonly [string, () => string][] = [
  ['link', () => `https://${text(LETTERS, 20)}.example/${text(`${LETTERS}-_/?=&%`, 60)}`],
  ['wifi', () => `WIFI:T:WPA;S:${text(LETTERS, 16)};P:${text(`${LETTERS}!$#-+`, 30)};;`],
  ['emoji', () => text('😀🎉🔑☕🏔️äöüßéñçλЖ中文字 abc', 40)],
  ['digits', () => text('0123456789', 120)],
];

const loadModel = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(join(import.meta.dirname, '..', 'public', path)));
const session = new StyleSession(nodeWorkers(2), loadModel);
const scanners = await loadScanners(scannerFiles());
const runs: object[] = [];
let read = 0;
for (let index = 0; index < Number(values.count); index += 1) {
  const [kind, make] = pick(KINDS);
  const style = pick(STYLES);
  const ecc = pick(ERROR_CORRECTION_LEVELS);
  const payload = make();
  const outcome: Record<string, unknown> = { index, kind, style: style.id, ecc };
  try {
    const { raster, report } = await styleCode(session, {
      text: payload,
      style,
      ecc,
      colours: style.defaultColours,
      pixelsPerModule: 8,
      backend,
    });
    const picture = decodePng(encodePng(raster));
    const results = await Promise.all(DECODERS.map((decoder) => scanners[decoder](picture)));
    const ok = results.every((result) => result === payload);
    if (ok) read += 1;
    const { strength, readBefore } = report.correction;
    Object.assign(outcome, { version: report.payload.version, ok, strength, readBefore });
  } catch (error) {
    Object.assign(outcome, { ok: false, error: asSealedError(error).code });
  }
  runs.push(outcome);
  if (!values.json) console.log(JSON.stringify(outcome));
}
scanners.dispose();
session.close();
if (values.json) console.log(JSON.stringify({ read, of: runs.length, backend, seed: values.seed, runs }));
else console.log(`${read} of ${runs.length} read exactly by ${DECODERS.join(' and ')}`);
process.exitCode = read === runs.length ? 0 : 1;
