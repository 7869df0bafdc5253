// `sealed-qr bench`: how fast the kernels are beside node-seal, and how far a second server worker helps.
import {
  CASE_COLUMNS,
  caseColumns,
  caseNote,
  poolText,
  rooflineText,
  textRow,
} from '../bench/bench-table.ts';
import { BENCH_PARTS, type BenchPart, runKernelBench } from '../bench/kernel-bench.ts';
import { blakeText, runClientBench } from '../bench/client-bench.ts';
import { runPoolBench } from '../bench/pool-bench.ts';
import { loadSeal } from '../src/seal/load.ts';
import { choice, parseArguments, wholeNumber } from './arguments.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { clientKernelFile } from '../workers/platform/node-client.ts';
import { kernelFile, loadModel } from '../workers/platform/node-local-service.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  pairs: { type: 'string', default: '9' },
  only: { type: 'string', default: BENCH_PARTS.join(',') },
  json: { type: 'boolean', default: false },
} as const;

const BENCHMARKS = ['kernel', 'client', 'pool'] as const;

interface BenchArguments {
  readonly name: (typeof BENCHMARKS)[number];
  readonly pairs: number;
  readonly parts: readonly BenchPart[];
  readonly json: boolean;
}

function parse(args: readonly string[]): BenchArguments {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [name, ...more] = positionals;
  const known = BENCHMARKS.find((candidate) => candidate === name);
  if (!known || more.length > 0)
    throw new UsageError(`Say which benchmark: ${BENCHMARKS.join(', ').replace(/, (?!.*, )/, ' or ')}.`);
  const pairs = wholeNumber('pairs', values.pairs, 1, 999);
  const parts = values.only.split(',').map((part) => choice('only', part, BENCH_PARTS));
  return { name: known, pairs, parts, json: values.json };
}

/** Runs the command. @throws UsageError, SealedError */
export async function runBench(args: readonly string[]): Promise<void> {
  const { name, pairs, parts, json } = parse(args);
  const print = (line: string): void => void (json || process.stdout.write(`${line}\n`));
  let report: object;
  if (name === 'pool') {
    const pool = await runPoolBench({
      workers: nodeWorkers,
      style: 'liquid',
      version: 10,
      pairs,
    });
    print(poolText(pool));
    report = pool;
  } else if (name === 'client') {
    print(`${caseNote(pairs)}\n`);
    print(textRow(CASE_COLUMNS));
    const client = await runClientBench(
      { seal: await loadSeal(), client: await WebAssembly.compile(clientKernelFile()) },
      { pairs, onCase: (done) => print(textRow(caseColumns(done))) },
    );
    print(blakeText(client));
    report = client;
  } else {
    const kernel = await WebAssembly.compile(kernelFile());
    print(`${caseNote(pairs)}\n`);
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
