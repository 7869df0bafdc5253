// `sealed-qr study --layers`: what the study could not run, run encrypted.
import { asSealedError } from '../src/base/errors.ts';
import type { BackendName } from '../src/app/session/backends.ts';
import { type Model, planModel } from '../src/app/network/model-plan.ts';
import { runModel } from '../src/app/network/run-model.ts';
import type { Session } from '../src/app/session/session.ts';
import { codeInput, studyCode, studyTexts, type StudyVersion } from '../src/app/study/codes.ts';
import { HARD_LAYERS } from '../src/app/study/hard-layers.ts';
import { readModelFile } from '../src/import/model-file.ts';
import { lines, ms, size } from './table.ts';

/** One network that the study could not run. */
export interface HardCase {
  readonly name: string;
  readonly how: string;
  readonly clientOps: boolean;
  /** Its file, or why there is none. */
  readonly file: Uint8Array | string;
}

/** What came of it; times in milliseconds, the least and the median of the service's evaluations. */
export interface HardResult {
  readonly name: string;
  readonly how: string;
  readonly shape?: readonly number[];
  readonly leastMs?: number;
  readonly medianMs?: number;
  readonly keyBytes?: number;
  readonly memoryBytes?: number;
  readonly rounds?: number;
  readonly largestError?: number;
  readonly failure?: string;
}

/** The layers alone; larger networks are added by the caller, who has their files. */
export function layerCases(): HardCase[] {
  return HARD_LAYERS.map(({ name, how, clientOps, write }) => ({ name, how, clientOps, file: write() }));
}

/** The code `text` as a network of side × side takes it: whole pixels a module. */
function inputOf(text: string, side: number): Float32Array {
  const version: StudyVersion = side === 41 ? 6 : 1;
  const { code } = studyCode(text, version);
  const bits = codeInput(code);
  const pixels = side / code.modules;
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [row, column] = [Math.floor(i / side / pixels), Math.floor((i % side) / pixels)];
    return bits[row * code.modules + column];
  });
}

/** Runs `one` encrypted on `count` codes. */
export async function runHardCase(
  session: Session,
  { name, how, clientOps, file }: HardCase,
  {
    count,
    backend,
    memoryBytes,
  }: { readonly count: number; readonly backend: BackendName; readonly memoryBytes: number },
): Promise<HardResult> {
  if (typeof file === 'string') return { name, how, failure: file };
  const id = `${name.replaceAll(/\W+/g, '-')}.onnx`;
  try {
    const model: Model = { file: { name: id, bytes: file }, graph: readModelFile(file, { name: id }) };
    const options = { backend, clientOps, limits: { memoryBytes } };
    const planned = await planModel(session, model, options);
    const times: number[] = [];
    let largestError = 0;
    for (const text of studyTexts('test', count)) {
      const inputs = [inputOf(text, model.graph.input.shape[1])];
      const { timings, maxAbsError } = await runModel(session, { ...options, model, planned, inputs });
      times.push(timings.evaluateMs);
      largestError = Math.max(largestError, maxAbsError);
    }
    const { keyBytes, memoryBytes: memory, rounds, outputShape } = planned.explanation;
    return {
      name,
      how,
      shape: outputShape,
      leastMs: Math.min(...times),
      medianMs: times.toSorted((a, b) => a - b)[times.length >> 1],
      keyBytes,
      memoryBytes: memory,
      rounds,
      largestError,
    };
  } catch (error) {
    const { code, message } = asSealedError(error);
    return { name, how, failure: `${message} (${code})` };
  }
}

/** `results` as text. */
export function hardTable(results: readonly HardResult[]): string {
  const body = results.map(({ name, how, failure, ...found }) =>
    failure === undefined
      ? [
          name,
          found.shape!.join('×'),
          ms(found.leastMs!),
          ms(found.medianMs!),
          size(found.keyBytes!),
          size(found.memoryBytes!),
          String(found.rounds),
          found.largestError!.toExponential(1),
          how,
        ]
      : [name, '', '', '', '', '', '', '', failure],
  );
  return lines([
    ['would not run there', 'picture', 'least', 'median', 'keys', 'memory', 'rounds', 'error', 'here'],
    ...body,
  ]);
}
