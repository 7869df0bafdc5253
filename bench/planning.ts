// What planning takes, network by network: CPU time, memory, counted work. `node bench/planning.ts [--json] [--only WORD]`
// Each network is planned in a process of its own, whose JavaScript engine has one thread.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { planningNetworks } from '../fixtures/planning-networks.ts';
import { SealedError } from '../src/base/errors.ts';
import { compile } from '../src/compiler/compile.ts';
import { PlanningWork } from '../src/compiler/general/planning-work.ts';
import { COST_TABLES } from '../src/plan/cost-tables.ts';

/** What one network took. */
interface Planned {
  readonly name: string;
  /** Of the one thread, garbage collection included. */
  readonly cpuSeconds: number;
  /** How much the process's memory grew, at its highest. */
  readonly peakMB: number;
  /** Steps of the search in millions, see {@link PlanningWork}. */
  readonly millionSteps: number;
  readonly priced: number;
  /** The plan, or what it was refused for. */
  readonly plan: string;
  readonly evaluateMs: number | null;
  readonly keysMB: number | null;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function planOne(wanted: string): Planned {
  const network = planningNetworks().find(({ name }) => name === wanted);
  if (!network) throw new SealedError('invalid-argument', `There is no network ${wanted}.`);
  const work = new PlanningWork();
  let residentBefore = process.memoryUsage.rss();
  let before = process.cpuUsage();
  let made: Pick<Planned, 'plan' | 'evaluateMs' | 'keysMB'>;
  try {
    const graph = network.graph();
    residentBefore = process.memoryUsage.rss();
    before = process.cpuUsage();
    const compiled = compile(graph, { costs: COST_TABLES.simd, ...network.options, work });
    const { form, parameters, segments } = compiled.explanation;
    const { evaluateMs, keyBytes } = compiled.interface.expected;
    const pieces = segments.length > 1 ? `, ${segments.length} segments` : '';
    made = {
      plan: `${form}, N = ${parameters.polyModulusDegree}, ${parameters.primes.length} primes${pieces}`,
      evaluateMs: round(evaluateMs, 1),
      keysMB: round(keyBytes / 1e6, 1),
    };
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    made = { plan: `refused in ${error.stage}, ${error.code}`, evaluateMs: null, keysMB: null };
  }
  const { user, system } = process.cpuUsage(before);
  const peak = process.resourceUsage().maxRSS * 1024 - residentBefore;
  return {
    name: network.name,
    cpuSeconds: round((user + system) / 1e6, 2),
    peakMB: Math.round(peak / 1e6),
    millionSteps: round(work.steps / 1e6, 2),
    priced: work.priced,
    ...made,
  };
}

function planInChild(name: string): Planned {
  const self = fileURLToPath(import.meta.url);
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--single-threaded', self, '--network', name],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout) as Planned;
}

const COLUMNS = ['CPU s', 'peak MB', 'M steps', 'priced', 'run ms', 'keys MB'] as const;

function row(name: string, columns: readonly (string | number | null)[], plan: string): string {
  const cells = columns.map((cell) => String(cell ?? '–').padStart(9)).join('');
  return `${name.padEnd(62)}${cells}  ${plan}\n`;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    network: { type: 'string' },
  },
});
if (values.network !== undefined) {
  process.stdout.write(JSON.stringify(planOne(values.network)));
} else {
  const names = planningNetworks().map(({ name }) => name);
  const results: Planned[] = [];
  if (!values.json) process.stdout.write(row('', COLUMNS, 'plan'));
  for (const name of names.filter((text) => text.includes(values.only))) {
    const planned = planInChild(name);
    results.push(planned);
    if (values.json) continue;
    const { cpuSeconds, peakMB, millionSteps, priced, evaluateMs, keysMB, plan } = planned;
    process.stdout.write(row(name, [cpuSeconds, peakMB, millionSteps, priced, evaluateMs, keysMB], plan));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
}
