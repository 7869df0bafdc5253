// The networks that people try encrypted inference with, planned and run encrypted on one thread: time, keys, memory, error.
// `node bench/study-networks.ts [--only WORD] [--plans] [--json] [--memory MB]`; each in a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kernelBytes } from '../fixtures/kernel-watch.ts';
import { TestKeys } from '../fixtures/seal-keys.ts';
import { studyNetworks } from '../fixtures/study-networks.ts';
import { SealedError } from '../src/base/errors.ts';
import { defaultSamples } from '../src/compiler/calibrate.ts';
import { compile, type Compiled } from '../src/compiler/compile.ts';
import { executeGraph } from '../src/model/execute.ts';
import type { Graph } from '../src/model/graph.ts';
import { executeRound } from '../src/model/rounds.ts';
import { COST_TABLES } from '../src/plan/cost-tables.ts';
import { partitionPlan } from '../src/plan/partition.ts';
import type { Plan } from '../src/plan/plan.ts';
import { keysOf } from '../src/plan/sizes.ts';
import { outputElements, packValues, unpackValues } from '../src/plan/tensor-packing.ts';
import { loadSeal } from '../src/seal/load.ts';
import { SimdBackend } from '../src/server/backends/simd/simd-backend.ts';
import type { SimdCiphertext } from '../src/server/backends/simd/simd-operations.ts';
import { preparePart, runSegment, type Values } from '../src/server/interpreter.ts';
import { workClock } from './measure.ts';

/** One row. Times are CPU times of one thread. */
interface Row {
  readonly name: string;
  readonly planSeconds: number;
  readonly planMB: number;
  /** What the plan says, or what it was refused for. */
  readonly plan: string;
  readonly predictedMs?: number;
  readonly measuredMs?: number;
  readonly keysMB?: number;
  readonly memoryMB?: number;
  readonly kernelMB?: number;
  readonly rounds?: number;
  readonly roundMB?: number;
  readonly error?: number;
  readonly bound?: number;
  readonly largest?: number;
}

const noPause = (): Promise<void> => Promise.resolve();

/** Runs a plan on the kernel: the second of two runs is timed, by CPU. */
async function runPlan(
  backend: SimdBackend,
  plan: Plan,
  inputs: () => SimdCiphertext[],
): Promise<{ outputs: SimdCiphertext[]; ms: number }> {
  const [part] = partitionPlan(plan, 1).parts;
  using prepared = await preparePart(backend, part, noPause);
  let least = Infinity;
  for (;;) {
    let values: Values<SimdCiphertext> = new Map(inputs().map((input, index) => [index, input]));
    const start = workClock();
    for (const segment of prepared.segments) {
      const next: Values<SimdCiphertext> = new Map();
      await runSegment(backend, segment, values, noPause, (output, c) => next.set(output, c));
      values = next;
    }
    const ms = workClock() - start;
    const outputs = [...values].sort(([a], [b]) => a - b).map(([, value]) => value);
    if (least < Infinity) return { outputs, ms: Math.min(ms, least) };
    least = ms;
    for (const output of outputs) backend.free(output);
  }
}

async function measured(graph: Graph, { plans, interface: face }: Compiled): Promise<Partial<Row>> {
  const [{ parameters }] = plans;
  using keys = new TestKeys(await loadSeal(), parameters);
  using backend = await SimdBackend.create(kernelBytes(), parameters);
  backend.addKeys(keys.evaluationKeys([...keysOf(plans).rotations.keys()]));
  const [sample] = defaultSamples(graph, undefined, 9).slice(8);
  const expected = executeGraph(graph, sample).data;
  let values = sample.data;
  let kept: Float32Array = new Float32Array(0);
  let measuredMs = 0;
  for (const [index, segment] of face.segments.entries()) {
    const { input, output } = segment;
    const encrypted = packValues(input.layout, values).map((slots) =>
      keys.encrypt(slots, input.scale, input.level),
    );
    const load = (): SimdCiphertext[] => encrypted.map((ciphertext) => backend.load(ciphertext));
    const { outputs, ms } = await runPlan(backend, plans[index], load);
    measuredMs += ms;
    const decrypted = new Float32Array(outputElements(output.layout));
    for (const [at, ciphertext] of outputs.entries()) {
      unpackValues(output.layout, at, keys.decrypt(backend.save(ciphertext)), decrypted);
      backend.free(ciphertext);
    }
    const round = executeRound(segment, decrypted, kept, 1);
    [values, kept] = [round.values, round.kept];
  }
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const error = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - values[i])), 0);
  return { measuredMs, kernelMB: backend.kernel.memory.peakBytes / 1e6, error, largest };
}

async function rowOf(wanted: string, isRun: boolean, memoryMB: number): Promise<Row> {
  const network = studyNetworks().find(({ name }) => name === wanted);
  if (!network) throw new SealedError('invalid-argument', `There is no network ${wanted}.`);
  const graph = network.graph();
  const residentBefore = process.memoryUsage.rss();
  const before = process.cpuUsage();
  const taken = (): Pick<Row, 'name' | 'planSeconds' | 'planMB'> => {
    const { user, system } = process.cpuUsage(before);
    const planMB = (process.resourceUsage().maxRSS * 1024 - residentBefore) / 1e6;
    return { name: wanted, planSeconds: (user + system) / 1e6, planMB };
  };
  try {
    const limits = { memoryBytes: memoryMB * 1e6 };
    const compiled = compile(graph, { costs: COST_TABLES.simd, ...network.options, limits });
    const planned = taken();
    const { explanation } = compiled;
    const { parameters } = explanation;
    return {
      ...planned,
      plan: `N = ${parameters.polyModulusDegree}, ${parameters.primes.length} primes`,
      predictedMs: compiled.interface.expected.evaluateMs,
      keysMB: explanation.keyBytes / 1e6,
      memoryMB: explanation.memoryBytes / 1e6,
      rounds: explanation.rounds,
      roundMB: explanation.roundBytes / 1e6,
      bound: explanation.predictedError,
      ...(isRun && (await measured(graph, compiled))),
    };
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    return { ...taken(), plan: `refused, ${error.code}: ${error.message}` };
  }
}

const COLUMNS = [
  ['planSeconds', 'plan s'],
  ['planMB', 'plan MB'],
  ['predictedMs', 'predicted'],
  ['measuredMs', 'ms'],
  ['keysMB', 'keys MB'],
  ['memoryMB', 'memory MB'],
  ['kernelMB', 'kernel MB'],
  ['rounds', 'rounds'],
  ['roundMB', 'MB there'],
  ['error', 'error'],
  ['bound', 'bound'],
  ['largest', 'largest'],
] as const;

function printed(name: string, cells: readonly string[], plan: string): string {
  return `${name.padEnd(42)}${cells.map((cell) => cell.padStart(10)).join('')}  ${plan}\n`;
}

function cellOf(value: number | undefined, name: string): string {
  if (value === undefined) return '–';
  return name === 'error' || name === 'bound' ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    plans: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    memory: { type: 'string', default: '1000' },
    network: { type: 'string' },
  },
});
if (values.network === undefined) {
  const self = fileURLToPath(import.meta.url);
  const rows: Row[] = [];
  const heads = COLUMNS.map(([, head]) => head);
  if (!values.json) process.stdout.write(printed('', heads, 'plan'));
  for (const { name } of studyNetworks().filter((network) => network.name.includes(values.only))) {
    const args = [self, '--network', name, '--memory', values.memory, ...(values.plans ? ['--plans'] : [])];
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--single-threaded', ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    const row = JSON.parse(stdout) as Row;
    rows.push(row);
    const cells = COLUMNS.map(([column]) => cellOf(row[column], column));
    if (!values.json) process.stdout.write(printed(name, cells, row.plan));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
} else {
  process.stdout.write(JSON.stringify(await rowOf(values.network, !values.plans, Number(values.memory))));
}
