// `sealed-qr study`: the study's table made anew with this engine, in the clear and encrypted.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processClock } from '../bench/measure.ts';
import { OTHER_DECODERS } from '../bench/other-decoders.ts';
import manifest from '../package.json' with { type: 'json' };
import { asSealedError } from '../src/base/errors.ts';
import { sha256Hex } from '../src/base/sha256.ts';
import { BACKENDS, type BackendName } from '../src/app/session/backends.ts';
import type { Model } from '../src/app/network/model-plan.ts';
import { Session } from '../src/app/session/session.ts';
import { writeAffineNetwork } from '../src/app/study/affine-network.ts';
import {
  STUDY_SEED,
  STUDY_VERSIONS,
  studyCode,
  studyTexts,
  type StudyVersion,
} from '../src/app/study/codes.ts';
import { defaultPicture, STUDY_STYLES, styledPicture, type StudyStyle } from '../src/app/study/gradients.ts';
import { LEAST_BITS, MOST_BITS, roundWeights } from '../src/app/study/rounded-weights.ts';
import { rowReport } from '../src/app/study/row-report.ts';
import { PUBLISHED, type RowReport, type StudyReport } from '../src/app/study/study-report.ts';
import { bitsRow, rowsFor, type StudyRow } from '../src/app/study/study-rows.ts';
import {
  type RowState,
  runRowEncrypted,
  runRowInClear,
  type StudyProgress,
  type StudyStore,
} from '../src/app/study/study-run.ts';
import { readModelFile } from '../src/import/model-file.ts';
import { encodePng } from '../src/qr/png.ts';
import { loadScanners } from '../src/qr/scan.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { choice, parseArguments, wholeNumber, workerCount } from './arguments.ts';
import { FileError } from './files.ts';
import { hardTable, type HardCase, layerCases, runHardCase } from './study-layers.ts';
import { studyTable } from './study-table.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  count: { type: 'string', default: '4000' },
  'fhe-count': { type: 'string', default: '100' },
  style: { type: 'string', default: 'green_orange' },
  version: { type: 'string', default: '1' },
  bits: { type: 'string' },
  seed: { type: 'string', default: String(STUDY_SEED) },
  only: { type: 'string' },
  pairs: { type: 'string' },
  networks: { type: 'string' },
  state: { type: 'string', default: '.cache/study' },
  fresh: { type: 'boolean', default: false },
  layers: { type: 'boolean', default: false },
  backend: { type: 'string', default: 'simd' },
  workers: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

interface StudyArguments {
  readonly count: number;
  readonly encryptedCount: number;
  readonly style: StudyStyle;
  readonly version: StudyVersion;
  readonly bits: number | undefined;
  readonly seed: number;
  readonly only: readonly string[] | undefined;
  readonly pairs: string | undefined;
  readonly networks: string | undefined;
  readonly state: string;
  readonly fresh: boolean;
  /** Whether to run what the study could not, instead of its table. */
  readonly layers: boolean;
  readonly backend: BackendName;
  readonly workers: number;
  readonly json: boolean;
}

/** What to do when a run takes too long. */
const ADVICE = 'Try a smaller --fhe-count.';

// Scores of another kind are other files.
const STATE_FORMAT = 1;

/** Memory of an evaluator: a kernel has 4 GB at most. */
const MEMORY_BYTES = Math.min(4e9, totalmem() / 4);

/** The committed networks, and those that training/run.sh built beside them. */
const NETWORKS = ['../training/study/networks', '../training/study/build/networks'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

function parse(args: readonly string[]): StudyArguments {
  const { values, positionals } = parseArguments(args, OPTIONS);
  if (positionals.length > 0) throw new UsageError(`study takes options alone, not "${positionals[0]}".`);
  return {
    count: wholeNumber('count', values.count, 1, 100_000),
    encryptedCount: wholeNumber('fhe-count', values['fhe-count'], 0, 100_000),
    style: choice('style', values.style, Object.keys(STUDY_STYLES) as StudyStyle[]),
    version: choice('version', values.version, STUDY_VERSIONS),
    bits: values.bits === undefined ? undefined : wholeNumber('bits', values.bits, LEAST_BITS, MOST_BITS),
    seed: wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
    only: values.only?.split(','),
    pairs: values.pairs,
    networks: values.networks,
    state: values.state,
    fresh: values.fresh,
    layers: values.layers,
    backend: choice('backend', values.backend, BACKENDS),
    workers: workerCount(values.workers),
    json: values.json,
  };
}

/** States as files of `folder`. */
function fileStore(folder: string, isFresh: boolean): StudyStore {
  const written = new Set<string>();
  const pathOf = (name: string): string =>
    join(folder, `${sha256Hex(new TextEncoder().encode(name)).slice(0, 24)}.json`);
  return {
    load: async (name) => {
      if (isFresh && !written.has(name)) return undefined;
      try {
        return (JSON.parse(await readFile(pathOf(name), 'utf8')) as { state: RowState }).state;
      } catch {
        // None yet, or one that was cut off while it was written: it is made anew.
        return undefined;
      }
    },
    save: async (name, state) => {
      await mkdir(folder, { recursive: true });
      const draft = `${pathOf(name)}.draft`;
      await writeFile(draft, JSON.stringify({ name, state }));
      await rename(draft, pathOf(name));
      written.add(name);
    },
  };
}

/** The network's file, or why there is none. */
async function networkFile(
  file: string | undefined,
  { networks, style, version, bits }: StudyArguments,
): Promise<Uint8Array | string> {
  if (file === undefined) return writeAffineNetwork(style, 17 + 4 * version);
  for (const folder of networks === undefined ? NETWORKS : [networks]) {
    try {
      const bytes = new Uint8Array(await readFile(join(folder, `${file}.onnx`)));
      return bits === undefined ? bytes : roundWeights(bytes, bits);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return `${file}.onnx is not there: training/run.sh builds it`;
}

/** Larger networks that the study could not run, by their files. */
const LARGER = [
  {
    name: 'skips beyond 100 px: U-Net 105×105',
    file: 'unet-105',
    clientOps: true,
    how: 'trained; LeakyReLU at the client',
  },
  {
    name: 'fewer than 8 bits: 4-bit weights',
    file: 'quant-ae-quadratic',
    bits: 4,
    how: 'rounded after training',
  },
  {
    name: '41×41: Quant AE of 12 million weights',
    file: 'quant-ae-41-8bit',
    how: 'published layers, degree 2',
  },
] as const;

/** Runs what the study could not. */
async function runLayers(session: Session, options: StudyArguments): Promise<void> {
  const { backend, encryptedCount, json } = options;
  const larger: HardCase[] = [];
  for (const { name, how, file, ...more } of LARGER) {
    const bits = 'bits' in more ? more.bits : undefined;
    larger.push({
      name,
      how,
      clientOps: 'clientOps' in more,
      file: await networkFile(file, { ...options, bits }),
    });
  }
  const results = [];
  for (const one of [...layerCases(), ...larger]) {
    process.stderr.write(`${one.name} …\n`);
    results.push(
      await runHardCase(session, one, {
        count: Math.max(1, encryptedCount),
        backend,
        memoryBytes: MEMORY_BYTES,
      }),
    );
  }
  process.stdout.write(json ? `${JSON.stringify(results)}\n` : hardTable(results));
}

/** Writes the plain and the styled pictures of the codes for people's own training. */
async function writePairs(folder: string, { count, seed, style, version }: StudyArguments): Promise<void> {
  const lines = ['file,text'];
  await mkdir(join(folder, 'default'), { recursive: true });
  await mkdir(join(folder, 'styled'), { recursive: true });
  for (const [index, text] of studyTexts('test', count, seed).entries()) {
    const { code } = studyCode(text, version);
    const name = `${String(index).padStart(5, '0')}.png`;
    await writeFile(join(folder, 'default', name), encodePng(defaultPicture(code)));
    await writeFile(join(folder, 'styled', name), encodePng(styledPicture(code, style)));
    lines.push(`${name},${text}`);
  }
  await writeFile(join(folder, 'texts.csv'), `${lines.join('\n')}\n`);
}

/** Runs the command. @throws UsageError, FileError, SealedError */
export async function runStudy(args: readonly string[]): Promise<void> {
  const options = parse(args);
  const { style, version, seed, backend, count, encryptedCount, json, bits } = options;
  if (options.pairs !== undefined) {
    await writePairs(options.pairs, options);
    process.stderr.write(`${count} pairs are in ${options.pairs}.\n`);
    return;
  }
  if (options.layers) {
    const session = new Session({ workers: nodeWorkers(options.workers), advice: ADVICE });
    try {
      await runLayers(session, options);
    } finally {
      session.close();
    }
    return;
  }
  const known = bits === undefined ? rowsFor(style, version) : [bitsRow(bits)];
  const rows = options.only === undefined ? known : known.filter(({ id }) => options.only!.includes(id));
  if (rows.length === 0) {
    throw new UsageError(`--only takes ${known.map(({ id }) => id).join(', ')}.`);
  }
  const session = new Session({ workers: nodeWorkers(options.workers), advice: ADVICE });
  const scanners = await loadScanners(scannerFiles());
  try {
    const reports: RowReport[] = [];
    for (const row of rows) reports.push(await runRow(row, session, scanners, options));
    if (reports.every(({ clear }) => clear === undefined)) throw new FileError(reports[0].missing!);
    const report: StudyReport = {
      style,
      version,
      seed,
      count,
      encryptedCount,
      backend,
      published: PUBLISHED,
      rows: reports,
    };
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : studyTable(report));
  } finally {
    scanners.dispose();
    session.close();
  }
}

function showProgress({ row, way, done, count }: StudyProgress): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${row}, ${way}: ${done} of ${count}`);
  else if (done === count || done === 0) process.stderr.write(`${row}, ${way}: ${done} of ${count}\n`);
  if (process.stderr.isTTY && done === count) process.stderr.write('\r\u001b[K');
}

/** One row, both ways. */
async function runRow(
  row: StudyRow,
  session: Session,
  { zxing, zbar }: Awaited<ReturnType<typeof loadScanners>>,
  options: StudyArguments,
): Promise<RowReport> {
  const { style, version, seed, backend, count, encryptedCount } = options;
  const bytes = await networkFile(row.file, options);
  if (typeof bytes === 'string') return rowReport(row, undefined, undefined, bytes);
  const name = `${row.id}.onnx`;
  const model: Model = { file: { name, bytes }, graph: readModelFile(bytes, { name }) };
  const sha256 = sha256Hex(bytes);
  const request = {
    row,
    model,
    style,
    zbar,
    processorClock: processClock,
    readers: { zxing, zbar, ...OTHER_DECODERS },
    store: fileStore(options.state, options.fresh),
    name: JSON.stringify([STATE_FORMAT, manifest.version, row.id, sha256, seed, style, version]),
  };
  const codes = studyTexts('test', Math.max(count, encryptedCount), seed).map((text) =>
    studyCode(text, version),
  );
  const controls = { onProgress: showProgress };
  const clear = await runRowInClear({ ...request, codes: codes.slice(0, count) }, controls);
  if (encryptedCount === 0) return rowReport(row, clear, undefined);
  const encryptedRequest = {
    ...request,
    codes: codes.slice(0, encryptedCount),
    name: `${request.name}, ${backend}, ${options.workers} evaluators`,
  };
  const planOptions = { backend, clientOps: row.clientOps, limits: { memoryBytes: MEMORY_BYTES } };
  try {
    const encrypted = await runRowEncrypted(session, encryptedRequest, planOptions, controls);
    return rowReport(row, clear, encrypted);
  } catch (error) {
    const { code, message } = asSealedError(error);
    if (code === 'aborted') throw error;
    return rowReport(row, clear, undefined, `not encrypted: ${message} (${code})`);
  }
}
