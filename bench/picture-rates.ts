// How many fresh codes read as drawn in styles out of twelve drawn pictures of all sorts and three photographs: `node bench/picture-rates.ts [--codes 10] [--encrypted 10] [--versions 2,4,6,10] [--folder DIR] [--json FILE]`.
// Before any correction, in the tones tried first. One in so many (--encrypted) is encrypted; the others are the float network's picture.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodePicture } from '../src/app/style/picture-file.ts';
import { openPicture } from '../src/app/style/picture-source.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { createScanRole } from '../src/qr/scan-role.ts';
import { pictureFields } from '../src/style/picture/fields.ts';
import { PICTURE_KINDS, type PictureKind } from '../src/style/picture/choice.ts';
import { pictureStyle } from '../src/style/picture/picture-style.ts';
import type { Style } from '../src/style/styles.ts';
import { randomPayload } from '../training/payloads.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { type ProvedCode, proveDrawn, proveStyled, RateTally } from './proved-rates.ts';
import { samplePictures } from './sample-pictures.ts';

const { values } = parseArgs({
  options: {
    codes: { type: 'string', default: '10' },
    encrypted: { type: 'string', default: '10' },
    versions: { type: 'string', default: '2,4,6,10' },
    seed: { type: 'string', default: '31' },
    folder: { type: 'string' },
    seconds: { type: 'string', default: 'Infinity' },
    json: { type: 'string' },
  },
});
const pictures = new Map(values.folder === undefined ? samplePictures() : []);
const folder = values.folder ?? fileURLToPath(new URL('../examples/pictures', import.meta.url));
for (const name of readdirSync(folder).filter((file) => /\.(png|jpe?g)$/i.test(file))) {
  pictures.set(name, decodePicture(new Uint8Array(readFileSync(join(folder, name)))));
}
const session = new StyleSession(nodeWorkers(1), loadModel);
const scan = createScanRole(scannerFiles());
const byKind = new Map(PICTURE_KINDS.map((kind) => [kind, new RateTally()]));
const byPicture = new Map([...pictures.keys()].map((name) => [name, new RateTally()]));
const fieldsMs = new Map<string, number[]>();
const started = performance.now();
const date = new Date().toISOString().slice(0, 10);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const [codes, encrypted, seed] = [values.codes, values.encrypted, values.seed].map(Number);

async function proved(
  style: Style,
  version: number,
  index: number,
  isEncrypted: boolean,
): Promise<ProvedCode> {
  const random = seededRandom(1_000_003 * seed + index);
  const ecc = ERROR_CORRECTION_LEVELS[Math.floor(4 * random())];
  const { text, code } = randomPayload(random, version, ecc);
  const network = await session.references!.network(style);
  if (!isEncrypted) return proveDrawn({ style, network, code, text, pixelsPerModule: 8 }, scan);
  const colours = style.defaultColours;
  const request = { text, ecc, style, colours, pixelsPerModule: 8, backend: 'simd' } as const;
  return proveStyled(session, request);
}

/** The style of `kind`, and a note of how long its fields take. */
function timedStyle(
  source: ReturnType<ReturnType<typeof openPicture>>,
  kind: PictureKind,
  version: number,
): Style {
  return pictureStyle({ kind, step: 0, seed: 1 }, (request) => {
    const before = process.cpuUsage();
    const fields = pictureFields(source, request);
    const { user, system } = process.cpuUsage(before);
    const name = `${kind.replace(/-\d/, '')} v${version}`;
    fieldsMs.set(name, [...(fieldsMs.get(name) ?? []), Math.round((user + system) / 1000)]);
    return Promise.resolve(fields);
  });
}

function written(): object {
  const rates = (tallies: ReadonlyMap<string, RateTally>): object =>
    Object.fromEntries([...tallies].map(([name, tally]) => [name, tally.rate()]));
  const middle = (all: readonly number[]): number =>
    [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
  const medianMs = Object.fromEntries([...fieldsMs].map(([name, all]) => [name, middle(all)]));
  return {
    date,
    commit,
    seed,
    versions: values.versions,
    kinds: rates(byKind),
    pictures: rates(byPicture),
    medianMs,
  };
}

let index = 0;
for (const version of values.versions.split(',').map(Number)) {
  for (const [name, raster] of pictures) {
    const source = openPicture(raster)();
    for (const kind of PICTURE_KINDS) {
      if (performance.now() - started > 1000 * Number(values.seconds)) continue;
      const style = timedStyle(source, kind, version);
      await style.prepare?.(17 + 4 * version);
      for (let i = 0; i < codes; i += 1, index += 1) {
        // One in so many, and another one of them each time: all kinds come to be encrypted.
        const isEncrypted = index % encrypted === Math.floor(index / encrypted) % encrypted;
        const code = await proved(style, version, index, isEncrypted);
        for (const tally of [byKind.get(kind)!, byPicture.get(name)!]) tally.add(code, isEncrypted);
      }
      if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(written(), null, 2)}\n`);
    }
  }
}
session.close();
for (const tallies of [byKind, byPicture]) {
  for (const [name, tally] of tallies) console.log(JSON.stringify({ name, ...tally.rate() }));
}
console.log(JSON.stringify(written()));
process.exit();
