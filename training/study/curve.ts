// The curve over training length: what the study's own training reads and how far it is off, after each epoch that was kept.
// `node training/study/curve.ts [--count 200]`, after the run `curve` or `published` of train.py; writes networks/curve.json.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { studyCode, studyTexts } from '../../src/app/study/codes.ts';
import { rowReport } from '../../src/app/study/row-report.ts';
import { scoreIn } from '../../src/app/study/study-report.ts';
import { runRowInClear } from '../../src/app/study/study-run.ts';
import { rowsFor } from '../../src/app/study/study-rows.ts';
import { readModelFile } from '../../src/import/model-file.ts';
import { loadScanners } from '../../src/qr/scan.ts';
import { scannerFiles } from '../../workers/platform/node-client.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '200' } } });
const folder = new URL('build/curve/', import.meta.url);
const codes = studyTexts('test', Number(values.count)).map((text) => studyCode(text, 1));
const row = { ...rowsFor('green_orange', 1).find(({ id }) => id === 'leaky')!, causes: false };
const scanners = await loadScanners(scannerFiles());
const nothing = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };

const points = [];
for (const file of await readdir(folder)) {
  const found = /^(\w+)-(\d+)\.onnx$/.exec(file);
  if (!found) continue;
  const [, name, epoch] = found;
  const bytes = new Uint8Array(await readFile(new URL(file, folder)));
  const model = { file: { name: file, bytes }, graph: readModelFile(bytes, { name: file }) };
  const request = {
    row,
    model,
    codes,
    style: 'green_orange',
    zbar: scanners.zbar,
    readers: {},
    store: nothing,
    name,
  } as const;
  const { clear } = rowReport(row, await runRowInClear(request), undefined);
  const card = JSON.parse(await readFile(new URL(`${name}.json`, folder), 'utf8')) as {
    lengths: readonly { epoch: number; steps: number }[];
  };
  const { steps } = card.lengths.find((length) => length.epoch === Number(epoch))!;
  const scores = Object.fromEntries(
    (['wrapped', 'clamped'] as const).flatMap((reading) =>
      (['uncorrected', 'study'] as const).map((treatment) => {
        const { readAny, difference } = scoreIn(clear!, reading, treatment);
        return [`${reading}, ${treatment}`, { readAny, difference }];
      }),
    ),
  );
  points.push({ training: name, epoch: Number(epoch), steps, ...scores });
  process.stdout.write(`${JSON.stringify(points.at(-1))}\n`);
}
scanners.dispose();
points.sort((a, b) => a.steps - b.steps);
await writeFile(
  new URL('networks/curve.json', import.meta.url),
  `${JSON.stringify({ codes: codes.length, reader: 'zbar, anything decoded, 10 px, no quiet zone', points }, null, 1)}\n`,
);
