// `sealed-qr bench`: how fast the kernel is beside node-seal, and how far a second server worker helps.
import { parseArgs } from 'node:util';
import { CASE_COLUMNS, caseColumns, poolText, rooflineText, textRow } from '../bench/bench-table.ts';
import { BENCH_PARTS, type BenchPart, runKernelBench } from '../bench/kernel-bench.ts';
import { runPoolBench } from '../bench/pool-bench.ts';
import { loadSeal } from '../src/seal/load.ts';
import { loadModel } from './load-model.ts';
import { kernelFile, nodeWorkers } from '../workers/platform/node.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  pairs: { type: 'string', default: '9' },
  only: { type: 'string', default: BENCH_PARTS.join(',') },
  json: { type: 'boolean', default: false },
} as const;

interface BenchArguments {
  readonly name: 'kernel' | 'pool';
  readonly pairs: number;
  readonly parts: readonly BenchPart[];
  readonly json: boolean;
}

function parse(args: readonly string[]): BenchArguments {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [name] = positionals;
  if ((name !== 'kernel' && name !== 'pool') || positionals.length > 1) {
    throw new UsageError('Say which benchmark: kernel or pool.');
  }
  const pairs = Number(values.pairs);
  if (!Number.isInteger(pairs) || pairs < 1 || pairs > 999) throw new UsageError('--pairs must be 1 to 999.');
  const parts = values.only.split(',').map((part) => {
    const known = BENCH_PARTS.find((candidate) => candidate === part);
    if (!known) throw new UsageError(`--only takes ${BENCH_PARTS.join(', ')}, not "${part}".`);
    return known;
  });
  return { name, pairs, parts, json: values.json };
}

/** Runs the command. @throws UsageError, SealedError */
export async function runBench(args: readonly string[]): Promise<void> {
  const { name, pairs, parts, json } = parse(args);
  const print = (line: string): void => void (json || process.stdout.write(`${line}\n`));
  let report: object;
  if (name === 'pool') {
    const pool = await runPoolBench({
      workers: nodeWorkers,
      loadModel,
      style: 'liquid',
      version: 10,
      pairs,
    });
    print(poolText(pool));
    report = pool;
  } else {
    const kernel = await WebAssembly.compile(kernelFile());
    print(textRow(CASE_COLUMNS));
    const environment = { seal: await loadSeal(), kernel, loadModel };
    const result = await runKernelBench(environment, {
      pairs,
      parts,
      onCase: (done) => print(textRow(caseColumns(done))),
    });
    if (result.roofline) print(rooflineText(result.roofline));
    report = result;
  }
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
}
