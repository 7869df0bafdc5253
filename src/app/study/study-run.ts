// Runs the study: every network in the clear on many codes, and encrypted on some; goes on where it was stopped.
import { type Controls, nextTask } from '../../base/controls.ts';
import { throwIfAborted } from '../../base/errors.ts';
import { runModel } from '../network/run-model.ts';
import { type Model, type ModelOptions, planModel } from '../network/model-plan.ts';
import { clearOutputs } from '../network/clear-run.ts';
import type { Session } from '../session/session.ts';
import { codeInput, type StudyCode } from './codes.ts';
import {
  plainPicture,
  type Reader,
  scoreCauses,
  type ScoreOptions,
  scoreOutput,
  scoreReaders,
} from './score.ts';
import { readPicture, type Reading } from './readings.ts';
import type { StudyRow } from './study-rows.ts';
import { addTallies, type Tallies } from './tally.ts';

/** What is kept of a row in one of its two ways of running. */
export interface RowState {
  /** Codes done: the first ones of the list. */
  readonly done: number;
  readonly tallies: Tallies;
  /** Milliseconds of each run: the float network's in the clear; the service's, of all rounds, encrypted. */
  readonly milliseconds: readonly number[];
  /** Milliseconds of all processors for each encrypted run, both sides, where the platform tells them. */
  readonly processorMilliseconds?: readonly number[] | undefined;
  /** The first code's picture in both readings, uncorrected: bytes of red, green, blue, in base64. */
  readonly sample?: Readonly<Record<Reading, string>>;
  /** Encrypted alone. */
  readonly encrypted?: EncryptedFigures;
}

/** What an encrypted row took. */
export interface EncryptedFigures {
  /** Largest difference of an output from the float network's, of 1. */
  readonly largestError: number;
  readonly predictedError: number;
  readonly keyBytes: number;
  readonly memoryBytes: number;
  readonly rounds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly roundBytes: number;
  readonly polyModulusDegree: number;
  readonly logQP: number;
  readonly planMs: number;
}

/** Where rows are kept between runs, by a name that says all that they depend on. */
export interface StudyStore {
  readonly load: (name: string) => Promise<RowState | undefined>;
  readonly save: (name: string, state: RowState) => Promise<void>;
}

/** What is told while it runs. */
export interface StudyProgress {
  readonly row: string;
  readonly way: 'clear' | 'encrypted';
  readonly done: number;
  readonly count: number;
}

/** One row to run. */
export interface RowRequest extends ScoreOptions {
  readonly row: StudyRow;
  readonly model: Model;
  readonly codes: readonly StudyCode[];
  readonly store: StudyStore;
  /** Says all that the row depends on: network, seed, style, version. */
  readonly name: string;
  /** Milliseconds that all of this process's threads have worked, where the platform tells it. */
  readonly processorClock?: (() => number) | undefined;
  /** Four readers, for the rows that are shown to them. */
  readonly readers: Readonly<Record<string, Reader>>;
}

/** Codes between two times that a row is kept. */
const CHUNK = 50;

const NEW: RowState = { done: 0, tallies: {}, milliseconds: [] };

type Outputs = Readonly<Record<'lossless' | 'JPEG', Float32Array>>;

/** The code as its network is given it, after a round trip through JPEG. */
function jpegInput(code: StudyCode): Float32Array {
  const { data } = plainPicture(code, 'JPEG');
  return Float32Array.from({ length: data.length / 3 }, (_, i) => data[3 * i] / 255);
}

/** What the network is given of `code`: the code itself, and where causes are told apart the one from a JPEG too. */
function inputsOf({ causes }: StudyRow, code: StudyCode): Float32Array[] {
  return causes ? [codeInput(code.code), jpegInput(code)] : [codeInput(code.code)];
}

/** The tallies of one code's outputs, each table's names apart. */
async function scoresOf(
  outputs: Outputs | { readonly lossless: Float32Array },
  code: StudyCode,
  { row, style, zbar, readers }: RowRequest,
): Promise<Tallies> {
  const named = (kind: string, tallies: Tallies): Tallies =>
    Object.fromEntries(Object.entries(tallies).map(([name, tally]) => [`${kind}: ${name}`, tally]));
  let scores = named('table', await scoreOutput(outputs.lossless, code, { style, zbar }));
  if (row.readers) {
    scores = addTallies(scores, named('readers', await scoreReaders(outputs.lossless, code, readers, style)));
  }
  if ('JPEG' in outputs) {
    scores = addTallies(scores, named('causes', await scoreCauses(outputs, code, { style, zbar })));
  }
  return scores;
}

/** The picture of the first code, kept to be looked at. */
function sampleOf(state: RowState, planes: Float32Array): NonNullable<RowState['sample']> {
  const bytes = (reading: Reading): string => btoa(String.fromCharCode(...readPicture(planes, reading).data));
  return state.sample ?? { clamped: bytes('clamped'), wrapped: bytes('wrapped') };
}

/** A row as it is kept: where, and what of it is done. */
interface KeptRow {
  readonly name: string;
  readonly state: RowState;
}

/** Where a row goes on. One of more codes than are wanted stays as it is: sums cannot be taken apart. */
async function keptRow({ store, name, codes }: RowRequest, way: StudyProgress['way']): Promise<KeptRow> {
  for (const place of [`${name}, ${way}`, `${name}, ${way}, ${codes.length} codes`]) {
    const state = await store.load(place);
    if (!state || state.done <= codes.length) return { name: place, state: state ?? NEW };
  }
  return { name: `${name}, ${way}, ${codes.length} codes`, state: NEW };
}

/** Runs codes one by one from where they were left, and keeps them by chunks. */
async function inChunks(
  { row, codes, store }: RowRequest,
  way: StudyProgress['way'],
  { name, state: start }: KeptRow,
  one: (code: StudyCode, state: RowState) => Promise<RowState>,
  { signal, onProgress }: Controls<StudyProgress>,
  chunk: number,
): Promise<RowState> {
  let state = start;
  const tell = (): void => onProgress?.({ row: row.name, way, done: state.done, count: codes.length });
  tell();
  while (state.done < codes.length) {
    throwIfAborted(signal, 'model');
    state = { ...(await one(codes[state.done], state)), done: state.done + 1 };
    if (state.done % chunk === 0 || state.done === codes.length) {
      await store.save(name, state);
      tell();
      await nextTask();
    }
  }
  return state;
}

/**
 * One network in the clear: the float network, or the one with rounded weights, which is what the study calls simulated.
 * @throws SealedError `aborted`, with what was done kept
 */
export async function runRowInClear(
  request: RowRequest,
  controls: Controls<StudyProgress> = {},
): Promise<RowState> {
  const { model, row } = request;
  const one = async (code: StudyCode, state: RowState): Promise<RowState> => {
    const inputs = inputsOf(row, code);
    const started = performance.now();
    const [lossless, JPEG] = clearOutputs(model.graph, inputs);
    const milliseconds = (performance.now() - started) / inputs.length;
    const outputs = JPEG ? { lossless, JPEG } : { lossless };
    return {
      ...state,
      tallies: addTallies(state.tallies, await scoresOf(outputs, code, request)),
      milliseconds: [...state.milliseconds, milliseconds],
      sample: sampleOf(state, lossless),
    };
  };
  return inChunks(request, 'clear', await keptRow(request, 'clear'), one, controls, CHUNK);
}

/**
 * One network encrypted, each code a run of its own, and the decrypted pictures scored as they are: nothing is rounded to the
 * float network's.
 * @param options how it is planned: backend, limits
 * @throws SealedError whatever planning or a role throws; `wrong-answer` beyond twice the error that the plan predicts
 */
export async function runRowEncrypted(
  session: Session,
  request: RowRequest,
  options: ModelOptions,
  controls: Controls<StudyProgress> = {},
): Promise<RowState> {
  const start = await keptRow(request, 'encrypted');
  if (start.state.done === request.codes.length) return start.state;
  const { model, row } = request;
  const planned = await planModel(session, model, options, { signal: controls.signal });
  const { explanation } = planned;
  const one = async (code: StudyCode, state: RowState): Promise<RowState> => {
    const inputs = inputsOf(row, code);
    const runs = [];
    const before = request.processorClock?.();
    for (const input of inputs) {
      const run = { ...options, model, planned, inputs: [input] };
      runs.push(await runModel(session, run, { signal: controls.signal }));
    }
    const worked = before === undefined ? undefined : (request.processorClock!() - before) / inputs.length;
    const [lossless, JPEG] = runs.map(({ outputs }) => Float32Array.from(outputs[0]));
    const outputs = JPEG ? { lossless, JPEG } : { lossless };
    const [{ bytes, timings }] = runs;
    return {
      ...state,
      tallies: addTallies(state.tallies, await scoresOf(outputs, code, request)),
      milliseconds: [...state.milliseconds, timings.evaluateMs],
      processorMilliseconds:
        worked === undefined ? undefined : [...(state.processorMilliseconds ?? []), worked],
      sample: sampleOf(state, lossless),
      encrypted: {
        largestError: Math.max(
          state.encrypted?.largestError ?? 0,
          ...runs.map(({ maxAbsError }) => maxAbsError),
        ),
        predictedError: explanation.predictedError,
        keyBytes: explanation.keyBytes,
        memoryBytes: explanation.memoryBytes,
        rounds: explanation.rounds,
        requestBytes: bytes.request,
        responseBytes: bytes.response,
        roundBytes: bytes.rounds,
        polyModulusDegree: explanation.parameters.polyModulusDegree,
        logQP: explanation.parameters.logQP,
        planMs: planned.planMs,
      },
    };
  };
  return inChunks(request, 'encrypted', start, one, controls, 1);
}
