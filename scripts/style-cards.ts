// Measures every style and writes its card: `node scripts/style-cards.ts [--styles a,b] [--rates FILE]`, after bench/drawn-rates.ts --json FILE.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { format, resolveConfig } from 'prettier';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { drawingError, planFigures, type Rate } from '../bench/style-figures.ts';
import { styleCode } from '../src/app/style/pipeline.ts';
import type { StageEvent } from '../src/app/session/stages.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import { cardPath, type StyleCard } from '../src/style/style-card.ts';
import { type Style, STYLES } from '../src/style/styles.ts';
import { nodeWorkers } from '../workers/platform/node.ts';

const { values } = parseArgs({
  options: {
    styles: { type: 'string' },
    rates: { type: 'string', default: 'docs/gallery/rates-as-drawn.json' },
  },
});
interface Rates {
  readonly versions: string;
  readonly rates: Readonly<Record<string, Pick<Rate, 'codes' | 'read'>>>;
}
const rates = JSON.parse(readFileSync(values.rates, 'utf8')) as Rates;

const TEXTS = [
  'https://sealed.example/a',
  'https://sealed.example/b',
  'WIFI:T:WPA;S:a;P:b;;',
  'sealed 4',
  'sealed 5',
];

function publicFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../public/${path}`, import.meta.url)));
}

/** Milliseconds of processor time of all threads since `started`: what else the machine does counts little. */
function cpuMs(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

async function cardOf(style: Style): Promise<StyleCard> {
  const bytes = publicFile(style.model);
  const recipe = readFileSync(new URL(`../src/style/gallery/${style.id}.ts`, import.meta.url));
  const before = process.cpuUsage();
  const network = importOnnx(bytes, { inputShape: [1, 21, 21] });
  const figures = planFigures(style, network);
  const planMs = cpuMs(before);
  const session = new StyleSession(nodeWorkers(1), loadModel);
  let [evaluateMs, largestError] = [Infinity, 0];
  for (const text of TEXTS) {
    let started = process.cpuUsage();
    const onStage = ({ stage, state }: StageEvent): void => {
      if (stage !== 'evaluate') return;
      if (state === 'started') started = process.cpuUsage();
      // The first run encodes the weights besides.
      if (state === 'done') evaluateMs = Math.min(evaluateMs, cpuMs(started));
    };
    const request = { text, ecc: 'M', style, colours: style.defaultColours, pixelsPerModule: 8 } as const;
    const { report } = await styleCode(session, { ...request, backend: 'simd' }, { onStage });
    largestError = Math.max(largestError, report.precision?.maxAbsError ?? 1);
  }
  session.close();
  const measured = rates.rates[style.id];
  const rounded = (value: number): number => Number(value.toPrecision(2));
  return {
    features: createHash('sha256').update(bytes).digest('hex'),
    fileBytes: gzipSync(bytes).length + gzipSync(recipe).length,
    ...figures,
    evaluateMs: Math.round(evaluateMs),
    planMs: Math.round(planMs),
    largestError: rounded(largestError),
    drawingError: rounded(drawingError(style, network)),
    reads: {
      versions: rates.versions,
      codes: measured.codes,
      zxing: measured.read['zxing 8 px'],
      zbar: measured.read['zbar 8 px'],
    },
  };
}

for (const style of STYLES) {
  if (values.styles !== undefined && !values.styles.split(',').includes(style.id)) continue;
  const card = await cardOf(style);
  const file = new URL(`../public/${cardPath(style.id)}`, import.meta.url);
  const options = await resolveConfig(file);
  writeFileSync(file, await format(JSON.stringify(card), { ...options, parser: 'json' }));
  console.log(style.id, JSON.stringify(card));
}
