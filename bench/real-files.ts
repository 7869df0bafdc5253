// ONNX files as people keep them: what each is refused for, or how far off it runs encrypted, and how long planning takes.
// `node bench/real-files.ts DIR [--json]`: DIR/OWNER+NAME/PATH.onnx, files of public repositories that are not kept here.
import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { type ModelOptions, planModel } from '../src/app/network/model-plan.ts';
import { runModel } from '../src/app/network/run-model.ts';
import { Session } from '../src/app/session/session.ts';
import { SealedError } from '../src/base/errors.ts';
import { seededRandom } from '../fixtures/styled-codes.ts';
import { readModelFile } from '../src/import/model-file.ts';
import { elementCount } from '../src/model/graph.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { processClock } from './measure.ts';

/** What came of a file. */
interface Outcome {
  readonly repository: string;
  readonly path: string;
  readonly bytes: number;
  readonly input: string;
  /** Of each way to run it: how long planning took, and what was planned or refused. */
  readonly ways: readonly Way[];
}

interface Way {
  readonly name: 'server alone' | 'client ops';
  /** CPU seconds of all threads. */
  readonly planSeconds: number;
  readonly refused?: string;
  readonly error?: number;
  readonly predictedError?: number;
  readonly fits?: number;
  readonly rounds?: number;
  readonly keyMB?: number;
  readonly evaluateMs?: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const [folder] = positionals;
if (folder === undefined) throw new RangeError('Say which folder.');

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.onnx'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function tryWay(
  session: Session,
  path: string,
  bytes: Uint8Array,
  name: Way['name'],
): Promise<{ way: Way; input: string }> {
  const before = processClock();
  const seconds = (): number => Number(((processClock() - before) / 1000).toFixed(2));
  let input = '';
  try {
    const graph = readModelFile(bytes, { name: basename(path) });
    input = graph.input.shape.join('×');
    const model = { file: { name: basename(path), bytes, inputShape: graph.input.shape }, graph };
    const options: ModelOptions = { backend: 'simd', batch: 1, clientOps: name === 'client ops' };
    const planned = await planModel(session, model, options);
    const planSeconds = seconds();
    const random = seededRandom(7);
    const inputs = [Float32Array.from({ length: elementCount(graph.input.shape) }, () => random())];
    const report = await runModel(session, { ...options, model, inputs, planned });
    const { maxAbsError: error, predictedError, cost, timings } = report;
    const { rounds, keyBytes, fits } = cost;
    return {
      input,
      way: {
        name,
        planSeconds,
        error,
        predictedError,
        fits: fits.length,
        rounds,
        keyMB: keyBytes / 1e6,
        evaluateMs: timings.evaluateMs,
      },
    };
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    return { input, way: { name, planSeconds: seconds(), refused: `${error.message} (${error.code})` } };
  }
}

function lineOf({ repository, path, bytes, input, ways }: Outcome): string {
  const cell = (way: Way): string => {
    const { refused, error = 0, planSeconds, rounds = 0, keyMB = 0, fits = 0 } = way;
    if (refused !== undefined) return `refused in ${planSeconds} s: ${refused}`;
    const how = rounds > 0 ? `, ${rounds} rounds` : fits > 0 ? `, ${fits} fitted` : '';
    return `error ${error.toExponential(1)}${how}, keys ${keyMB.toFixed(1)} MB, planned in ${planSeconds} s`;
  };
  const cells = [`${repository} \`${path}\``, `${Math.ceil(bytes / 1000)} kB`, input, ...ways.map(cell)];
  return `| ${cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

const outcomes: Outcome[] = [];
for (const path of filesBelow(folder)) {
  const [owner, ...rest] = relative(folder, path).split(sep);
  const bytes = new Uint8Array(readFileSync(path));
  const ways: Way[] = [];
  let input = '';
  for (const name of ['server alone', 'client ops'] as const) {
    // Its own service: one file's plans and keys are not there for the next.
    const session = new Session({ workers: nodeWorkers(1), advice: 'Try a smaller network.' });
    try {
      const done = await tryWay(session, path, bytes, name);
      ways.push(done.way);
      input = done.input;
    } finally {
      session.close();
    }
  }
  const outcome = {
    repository: owner.replace('+', '/'),
    path: rest.join('/'),
    bytes: bytes.length,
    input,
    ways,
  };
  outcomes.push(outcome);
  if (!values.json) process.stdout.write(`${lineOf(outcome)}\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
else process.stdout.write(`\nload ${loadavg()[0].toFixed(1)}\n`);
