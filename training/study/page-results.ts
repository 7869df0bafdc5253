// Puts together what the page of the study shows: `node training/study/page-results.ts REPORT.json … --layers LAYERS.json`.
// Reports are of `sealed-qr study --json`, of some rows each; the curve is training/study/networks/curve.json.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { StudyReport } from '../../src/app/study/study-report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { layers: { type: 'string' } },
});
const read = async (path: string | URL): Promise<unknown> =>
  JSON.parse(await readFile(path, 'utf8')) as unknown;
const page = new URL('../../src/ui/study/', import.meta.url);
const write = (name: string, contents: unknown): Promise<void> =>
  writeFile(new URL(name, page), `${JSON.stringify(contents)}\n`);

const reports: StudyReport[] = [];
for (const path of positionals) reports.push((await read(path)) as StudyReport);
const [first] = reports;
await write('report.json', { ...first, rows: reports.flatMap(({ rows }) => rows) });
if (values.layers !== undefined) await write('layers.json', await read(values.layers));
await write('curve.json', await read(new URL('networks/curve.json', import.meta.url)));
