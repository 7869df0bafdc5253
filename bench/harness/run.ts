// Runs the public harness' stages on the digits of ../shared/data/mnist, as its own script runs them, and prints what came.
// `node bench/harness/run.ts [--network relu|square] [--pictures 1,15,300] [--json] [--keep DIR]`
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { executeGraph } from '../../src/model/execute.ts';
import { readNpy } from '../../src/import/numpy.ts';
import { labelOf, outputsOf } from './client.ts';
import { bytesIn, InstanceFolders, INSTANCES, PIXELS, readPixels } from './folders.ts';
import { STAGES } from './stages.ts';
import { ACTIVATIONS, type Activation, networkOf } from './submission.ts';

const DATA = new URL('../../../shared/data/mnist/', import.meta.url);
const STAGE = fileURLToPath(new URL('stage.ts', import.meta.url));

/** What a run of some pictures came to. */
interface Outcome {
  readonly network: Activation;
  readonly pictures: number;
  readonly keyBytes: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Wall-clock seconds of each stage's program, its start included. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Milliseconds on ciphertext, as the server says them, all groups of pictures together. */
  readonly evaluateMs: number;
  readonly evaluateMsLeast: number;
  /** CPU time of the server's threads for the same. */
  readonly cpuMs: number;
  /** Labels as in the data set, and as the float network gives them. */
  readonly right: number;
  readonly asFloat: number;
  readonly floatRight: number;
  readonly largestError: number;
  readonly load: string;
}

/** The smallest instance that holds `pictures`. */
function sizeFor(pictures: number): number {
  return INSTANCES.findIndex((instance) => instance.pictures >= pictures);
}

/** Writes the first `count` digits as the harness writes its own. */
function writeData(folders: InstanceFolders, count: number): void {
  const pixels = readNpy(readFileSync(new URL('images_28x28.npy', DATA))).data;
  const labels = readNpy(readFileSync(new URL('labels.npy', DATA))).data;
  mkdirSync(dirname(folders.pixels), { recursive: true });
  const lines = Array.from({ length: count }, (_, i) =>
    [...pixels.slice(i * PIXELS, (i + 1) * PIXELS)].map((pixel) => pixel.toFixed(6)).join(' '),
  );
  writeFileSync(folders.pixels, `${lines.join('\n')}\n`);
  writeFileSync(folders.labels, `${[...labels.slice(0, count)].join('\n')}\n`);
}

/** Runs a stage as a program of its own; returns what it printed and its seconds. */
function runStage(
  root: string,
  stage: string,
  ...more: readonly string[]
): { text: string; seconds: number } {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [STAGE, stage, ...more], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${stage} failed:\n${stderr}`);
  return { text: stdout, seconds: (performance.now() - started) / 1000 };
}

function runInstance(root: string, network: Activation, pictures: number): Outcome {
  const size = sizeFor(pictures);
  const folders = new InstanceFolders(root, size);
  writeData(folders, pictures);
  runStage(root, 'build', String(size), network);
  const seconds: Record<string, number> = {};
  const times: number[] = [];
  let cpuMs = 0;
  for (const stage of STAGES) {
    const { text, seconds: taken } = runStage(root, stage, String(size));
    seconds[stage] = taken;
    for (const [, ms] of text.matchAll(/Execution time .*?: ([\d.]+) ms/g)) times.push(Number(ms));
    cpuMs += Number(/CPU time of .*?: ([\d.]+) ms/.exec(text)?.[1] ?? 0);
  }
  const labels = readFileSync(folders.labels, 'utf8').trim().split('\n').map(Number);
  const given = readFileSync(folders.predictions, 'utf8').trim().split('\n').map(Number);
  const graph = networkOf(network);
  const outputs = outputsOf(folders);
  const float = readPixels(folders.pixels).map((data) => executeGraph(graph, { shape: [PIXELS], data }).data);
  const agree = (a: readonly number[], b: readonly number[]): number =>
    a.filter((label, i) => label === b[i]).length;
  const floatLabels = float.map(labelOf);
  return {
    network,
    pictures,
    keyBytes: bytesIn(folders.publicKeys),
    requestBytes: bytesIn(folders.upload),
    responseBytes: bytesIn(folders.download),
    seconds,
    evaluateMs: times.reduce((sum, ms) => sum + ms, 0),
    evaluateMsLeast: Math.min(...times),
    cpuMs,
    right: agree(given, labels),
    asFloat: agree(given, floatLabels),
    floatRight: agree(floatLabels, labels),
    largestError: Math.max(
      ...float.flatMap((values, i) => [...values].map((x, j) => Math.abs(x - outputs[i][j]))),
    ),
    load: loadavg()[0].toFixed(1),
  };
}

function print(outcome: Outcome): void {
  const { network, pictures, seconds, right, asFloat, floatRight } = outcome;
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
  const share = (count: number): string => `${((100 * count) / pictures).toFixed(1)} %`;
  const lines = [
    `${network}, ${pictures} picture${pictures === 1 ? '' : 's'} (load ${outcome.load})`,
    `  keys ${mb(outcome.keyBytes)}, request ${mb(outcome.requestBytes)}, response ${mb(outcome.responseBytes)}`,
    ...Object.entries(seconds).map(([stage, taken]) => `  ${stage.padEnd(30)}${taken.toFixed(2)} s`),
    `  on ciphertext ${outcome.evaluateMs.toFixed(0)} ms in all, ${(outcome.evaluateMs / pictures).toFixed(1)} ms a picture, ${outcome.evaluateMsLeast.toFixed(0)} ms the quickest group; CPU time ${outcome.cpuMs.toFixed(0)} ms`,
    `  labels: ${right} of ${pictures} right (${share(right)}); float network ${floatRight} (${share(floatRight)}); ${asFloat} of ${pictures} as the float network; largest error of an output ${outcome.largestError.toExponential(1)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const { values } = parseArgs({
  options: {
    network: { type: 'string', default: ACTIVATIONS.join(',') },
    pictures: { type: 'string', default: '1,15,300' },
    json: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});
if (!existsSync(DATA)) throw new Error('The digits of ../shared/data/mnist are not here.');
const root = values.keep ?? mkdtempSync(join(tmpdir(), 'sealed-qr-harness-'));
try {
  const outcomes: Outcome[] = [];
  for (const name of values.network.split(',')) {
    const network = ACTIVATIONS.find((known) => known === name);
    if (!network) throw new RangeError(`Networks are ${ACTIVATIONS.join(' and ')}.`);
    for (const pictures of values.pictures.split(',').map(Number)) {
      const outcome = runInstance(root, network, pictures);
      outcomes.push(outcome);
      if (!values.json) print(outcome);
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
} finally {
  if (values.keep === undefined) rmSync(root, { recursive: true, force: true });
}
