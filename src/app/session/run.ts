// Runs a card on inputs, encrypted or simulated: the one way for styles and networks.
import { SealedError, throwIfAborted } from '../../base/errors.ts';
import { executeRound } from '../../model/rounds.ts';
import { type Picture, pictureOf } from '../../plan/finish.ts';
import { batchOf } from '../../plan/tensor-packing.ts';
import type { Card } from '../../protocol/card.ts';
import { requireBound } from '../../protocol/binding.ts';
import type { DecryptedResult, EncryptedInput, InputGroup } from '../../protocol/client.ts';
import type { OpenedRun } from '../../protocol/opened-run.ts';
import { type Group, groupsOf, joined, split } from './input-groups.ts';
import { expectedOf, type RunExpectation } from './run-expectation.ts';
import type { GivenAnswer, NamedCard, Session, UsedKeys } from './session.ts';
import type { RunBytes, RunTimings, Stages } from './stages.ts';

/** What a run is given. */
export interface RunInput {
  readonly card: NamedCard;
  /** Each in C order. A card whose result is a picture takes one. */
  readonly inputs: readonly Float32Array[];
  /** What answers are held against: one that is another is refused. */
  readonly expected?: RunExpectation | undefined;
  /** Whether a network's keys are for this run alone, as a picture's always are. */
  readonly freshKeys?: boolean | undefined;
  /**
   * The auditor's coin: asked once the last byte of a run with keys of its own has crossed, and before anything of the last
   * answer is decrypted. Where it says so, the run is opened and has no result.
   */
  readonly coin?: (() => boolean | Promise<boolean>) | undefined;
}

/** What a run gives back. */
export interface RunOutcome {
  /** One for each input, in C order; empty where the result is a picture. */
  readonly outputs: readonly Float32Array[];
  readonly picture: Picture | undefined;
  readonly timings: Readonly<RunTimings>;
  readonly bytes: Readonly<RunBytes>;
  /** None in the simulation. */
  readonly keys: Omit<UsedKeys, 'bytes'>;
  /** The run, where the coin opened it: then there is neither output nor picture. */
  readonly opened: OpenedRun | undefined;
}

/** One run in progress. */
interface Run extends RunInput {
  readonly id: number;
  /** What the service knows it by. */
  readonly name: string;
  readonly session: Session;
  readonly stages: Stages;
  readonly timings: RunTimings;
  readonly bytes: RunBytes;
  readonly outputs: Float32Array[];
  picture: Picture | undefined;
  opened: OpenedRun | undefined;
  /** Whether its keys are for it alone. */
  isOnce: boolean;
  /** What was wrong with an answer, first of all: told when the last one is here, so that the service sees no difference. */
  refusal: SealedError | undefined;
  /** Last segments that are not answered yet. */
  open: number;
  /** Answers to last segments, until all are here: under keys of its own nothing of an answer is decrypted that lacks a part. */
  readonly last: { readonly group: Group; readonly frames: readonly Uint8Array[] }[];
  /** Whose keys it uses from beginning to end; none in the simulation. */
  keySet: string;
}

let runs = 0;

function start(session: Session, input: RunInput, stages: Stages): Run {
  checkInputs(input.card.card, input.inputs);
  runs += 1;
  return {
    ...input,
    id: runs,
    name: crypto.randomUUID(),
    session,
    stages,
    timings: { keygenMs: 0, encodeMs: 0, encryptMs: 0, evaluateMs: 0, roundMs: 0, decryptMs: 0 },
    bytes: { evaluationKeys: 0, request: 0, response: 0, rounds: 0, exchanged: 0 },
    outputs: [],
    picture: undefined,
    opened: undefined,
    isOnce: input.card.card.result.kind === 'picture' || input.freshKeys === true,
    refusal: undefined,
    open: groupsIn(input, input.card.card.segments.length - 1).length,
    last: [],
    keySet: '',
  };
}

/**
 * Runs a card on inputs, encrypted: keys, and for each segment encryption, evaluation by the service, decryption.
 * @throws SealedError `aborted`, `invalid-argument` for inputs of another size, or whatever a role throws
 */
export async function runSealed(session: Session, input: RunInput, stages: Stages): Promise<RunOutcome> {
  try {
    return await tryRun(session, input, stages);
  } catch (error) {
    // The service has let go of keys or plans that it had, or is a new one: nothing has been answered yet.
    const isGone = error instanceof SealedError && (error.code === 'keys-gone' || error.code === 'card-gone');
    if (!isGone) throw error;
    await session.renew(input.card, { signal: stages.signal });
    return await tryRun(session, input, stages);
  }
}

async function tryRun(session: Session, input: RunInput, stages: Stages): Promise<RunOutcome> {
  const run = start(session, input, stages);
  const { card, timings, bytes } = run;
  const { signal } = stages;
  const { keygenMs, keySet } = await stages.run('keygen', () =>
    session.prepareKeys(card, { signal, onProgress: (share) => stages.progress('keygen', share) }),
  );
  timings.keygenMs = keygenMs;
  run.keySet = keySet;
  throwIfAborted(signal, 'encrypt');
  const { bytes: evaluationKeys, ...keys } = session.useKeys(keySet, run.isOnce);
  bytes.evaluationKeys = evaluationKeys;
  try {
    const isSimple = card.card.segments.length === 1 && groupsIn(run, 0).length === 1;
    if (isSimple) await runStaged(run);
    else await stages.run('evaluate', () => runSegments(run));
  } finally {
    session.endKeys(keySet);
  }
  if (run.refusal) throw run.refusal;
  return { outputs: run.outputs, picture: run.picture, timings, bytes, keys, opened: run.opened };
}

/** One segment on one group of inputs: every step a stage of its own. */
async function runStaged(run: Run): Promise<void> {
  const { stages, bytes, timings } = run;
  const [group] = groupsIn(run, 0);
  const { frames } = await stages.run('encrypt', () => encrypt(run, 0, group));
  const { evaluationKeys } = bytes;
  await stages.run('request', () => undefined, { bytes: bytes.request + evaluationKeys, sample: frames[0] });
  const answer = await stages.run('evaluate', () =>
    evaluate(run, 0, group, frames, 1, (share) => stages.progress('evaluate', share)),
  );
  timings.evaluateMs = stages.ms('evaluate');
  await stages.run('response', () => undefined, { bytes: bytes.response, sample: answer.frames[0] });
  await stages.run('decrypt', () => finish(run, 0, group, answer));
}

/** All segments, one after the other, each on all groups of inputs. */
async function runSegments(run: Run): Promise<void> {
  const { segments } = run.card.card;
  const lanes = await run.session.evaluators({ signal: run.stages.signal });
  for (const index of segments.keys()) {
    const groups = groupsIn(run, index);
    const shares = groups.map(() => 0);
    const report = (group: number, share: number): void => {
      shares[group] = share;
      const done = shares.reduce((sum, part) => sum + part, 0) / groups.length;
      run.stages.progress('evaluate', (index + done) / segments.length);
    };
    const busy = Array<number>(Math.min(lanes, groups.length)).fill(0);
    let next = 0;
    const failure = new AbortController();
    const serve = async (lane: number): Promise<void> => {
      while (next < groups.length) {
        throwIfAborted(failure.signal, 'server');
        const number = next;
        next += 1;
        const group = groups[number];
        const { frames } = await encrypt(run, index, group);
        const onProgress = (share: number): void => report(number, share);
        const answer = await evaluate(run, index, group, frames, busy.length, onProgress);
        busy[lane] += answer.evaluateMs;
        await finish(run, index, group, answer);
        report(number, 1);
      }
    };
    const all = busy.map((_, lane) => serve(lane));
    try {
      await Promise.all(all);
    } catch (error) {
      failure.abort();
      await Promise.allSettled(all);
      throw error;
    }
    run.timings.evaluateMs += Math.max(...busy);
  }
}

function groupsIn({ card, inputs }: RunInput, segment: number): Group[] {
  return groupsOf(inputs.length, batchOf(card.card.segments[segment].input.layout));
}

async function encrypt(run: Run, segment: number, group: Group): Promise<EncryptedInput> {
  const { session, keySet, card, inputs, stages, timings, bytes } = run;
  const { signal } = stages;
  const held: InputGroup = { runId: run.id, ...group };
  const encrypted = await session.onClient(keySet, 'encrypt', { signal }, (client) =>
    segment === 0
      ? client.encrypt(card.hash, joined(inputs, group), { signal })
      : client.encryptHeld(card.hash, segment, held, { signal }),
  );
  timings.encodeMs += encrypted.encodeMs;
  timings.encryptMs += encrypted.encryptMs;
  bytes[segment === 0 ? 'request' : 'rounds'] += bytesOf(encrypted.frames);
  return encrypted;
}

async function evaluate(
  run: Run,
  segment: number,
  group: Group,
  frames: readonly Uint8Array[],
  siblings: number,
  onProgress: (share: number) => void,
): Promise<GivenAnswer> {
  const { session, keySet, card, stages, bytes } = run;
  const { signal } = stages;
  const request = { card, segment, keySet, run: run.name, frames, siblings, group };
  const answer = await session.evaluate(request, { signal, onProgress });
  const isLast = segment === card.card.segments.length - 1;
  bytes[isLast ? 'response' : 'rounds'] += bytesOf(answer.frames);
  bytes.exchanged += answer.exchangedBytes;
  if (isLast) run.open -= 1;
  // Before anything is decrypted: the service hears of nothing that follows from its answer.
  if (run.open === 0 && run.isOnce) session.answered(keySet);
  return answer;
}

/** Whether `error` says that an answer was wrong; anything else ends a run at once. */
function isRefusal(error: unknown): error is SealedError {
  return error instanceof SealedError && (error.code === 'wrong-answer' || error.code === 'malformed-frame');
}

/**
 * Decrypts an answer: keeps it at the client for the next segment, or takes the result. What is wrong with it is noted, and
 * the run goes on.
 */
async function finish(run: Run, segment: number, group: Group, answer: GivenAnswer): Promise<void> {
  const { card } = run.card;
  let { frames } = answer;
  try {
    requireBound(answer.binding, answer.asked, card);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    run.refusal ??= error;
    // The client is given nothing of it, and goes on with what it knows itself.
    frames = [];
  }
  if (segment < card.segments.length - 1) return hold(run, segment, group, frames);
  if (!run.isOnce) return decrypt(run, group, frames);
  run.last.push({ group, frames });
  if (run.last.length < groupsIn(run, segment).length || (await isOpened(run))) return;
  for (const answered of run.last) await decrypt(run, answered.group, answered.frames);
}

async function hold(run: Run, segment: number, group: Group, frames: readonly Uint8Array[]): Promise<void> {
  const { session, keySet, card, stages, timings, expected } = run;
  const { signal } = stages;
  const known = expectedOf(expected?.rounds?.[segment], group);
  const held: InputGroup = { runId: run.id, ...group };
  const { decryptMs, wrong } = await session.onClient(keySet, 'decrypt', { signal }, (client) =>
    client.hold(card.hash, segment, frames, held, known, { signal }),
  );
  timings.roundMs += decryptMs;
  if (wrong !== undefined) run.refusal ??= new SealedError('wrong-answer', wrong, { stage: 'decrypt' });
}

/** Whether the coin opens the run: asked once, when everything has crossed. */
async function isOpened(run: Run): Promise<boolean> {
  const { session, keySet, card, inputs, coin, expected, stages } = run;
  if (!coin || !(await coin())) return false;
  const revealed = await session.reveal(keySet, card, { signal: stages.signal });
  const held = revealed.requests.map(({ segment, group }) => expectedOf(expected?.rounds?.[segment], group));
  run.opened = { ...revealed, inputs, held };
  return true;
}

async function decrypt(run: Run, group: Group, frames: readonly Uint8Array[]): Promise<void> {
  const { session, keySet, card, stages, timings, expected } = run;
  const { signal } = stages;
  // A part of an answer that is refused is not decrypted.
  if (run.refusal && run.isOnce) return;
  let result: DecryptedResult;
  try {
    result = await session.onClient(keySet, 'decrypt', { signal }, (client) =>
      client.decrypt(card.hash, frames, { runId: run.id, ...group }, expectedOf(expected?.result, group), {
        signal,
      }),
    );
  } catch (error) {
    if (!isRefusal(error)) throw error;
    run.refusal ??= error;
    return;
  }
  timings.decryptMs += result.decryptMs;
  if (result.kind === 'picture') run.picture = result.picture;
  else split(result.values, group.inputs).forEach((output, i) => (run.outputs[group.first + i] = output));
}

/** The same plans on plaintext slots, rounded as the scheme rounds: no keys, no ciphertexts. */
export async function runSimulated(session: Session, input: RunInput, stages: Stages): Promise<RunOutcome> {
  const run = start(session, input, stages);
  const { card } = input.card;
  const { signal } = stages;
  let values = [...input.inputs];
  let kept: Float32Array[] = values.map(() => new Float32Array(0));
  await stages.run('evaluate', async () => {
    for (const [segment, round] of card.segments.entries()) {
      const results: Float32Array[] = [];
      const keeps: Float32Array[] = [];
      for (const group of groupsIn(run, segment)) {
        throwIfAborted(signal, 'server');
        const request = { segment, values: joined(values, group), inputs: group.inputs };
        const simulated = await session.simulate(input.card, request, { signal });
        run.timings.evaluateMs += simulated.evaluateMs;
        const made = executeRound(round, simulated.values, joined(kept, group), group.inputs);
        results.push(...split(made.values, group.inputs));
        keeps.push(...split(made.kept, group.inputs));
        stages.progress('evaluate', (segment + results.length / input.inputs.length) / card.segments.length);
      }
      values = results;
      kept = keeps;
    }
  });
  const { result } = card;
  if (result.kind === 'tensor') run.outputs.push(...values);
  else {
    const [channels, height, width] = card.segments.at(-1)!.output.layout.shape;
    const reference = input.expected?.result.references[0];
    run.picture = pictureOf([channels, height, width], result.finish, values[0], reference);
  }
  const { outputs, picture, timings, bytes } = run;
  return { outputs, picture, timings, bytes, keys: { made: 0, reused: 0 }, opened: undefined };
}

function checkInputs({ segments, result }: Card, inputs: readonly Float32Array[]): void {
  const shape: readonly number[] = segments[0].input.layout.shape;
  const size = shape.reduce((product, n) => product * n, 1);
  if (inputs.length === 0 || (result.kind === 'picture' && inputs.length > 1)) {
    const message = inputs.length === 0 ? 'There is no input to run.' : 'A picture is drawn from one input.';
    throw new SealedError('invalid-argument', message, { stage: 'input' });
  }
  for (const { length } of inputs) {
    if (length === size) continue;
    throw new SealedError(
      'invalid-argument',
      `The network takes ${shape.join('×')} = ${size} values; an input has ${length}.`,
      { stage: 'input' },
    );
  }
}

function bytesOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
