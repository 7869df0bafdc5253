// Runs that are stopped in every stage: each is heard before its stage ends, and the next run is right and no slower.
import { type StyleRequest, styleCode } from '../../src/app/style/pipeline.ts';
import { StyleSession } from '../../src/app/style/style-session.ts';
import { type StageName, STAGES } from '../../src/app/session/stages.ts';
import { asSealedError } from '../../src/base/errors.ts';
import type { Rgb } from '../../src/base/raster.ts';
import { seededRandom } from '../../src/base/seeded-random.ts';
import { styleById } from '../../src/style/styles.ts';
import { loadModel } from '../../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../../workers/platform/node.ts';

/** What came of one stop. */
export interface Stop {
  readonly stage: StageName;
  /** Until the run rejected. */
  readonly delayMs: number;
  /** `aborted`, or what else the run ended with. */
  readonly outcome: string;
  /** Whether the stage was told of as done after the stop. */
  readonly stageEnded: boolean;
  /** The run after it, and one after that, before which nothing was stopped. */
  readonly nextMs: number;
  readonly controlMs: number;
  readonly nextIsRight: boolean;
}

const style = styleById('gradient');

/** A code in colours of its own has a card that nobody has compiled yet: its plan takes a while. */
function requestIn(start: Rgb): StyleRequest {
  const colours = { ...style.defaultColours, start };
  return { text: 'STOP', ecc: 'L', style, colours, pixelsPerModule: 4, backend: 'simd' };
}

const usual = requestIn([20, 20, 60]);

/** Shorter stages than this are stopped where they begin: no timer would find them. */
const LEAST_MS = 4;

/** Stages are now and then shorter than before: what is stopped within this share of their usual time is in them still. */
const WITHIN = 0.6;

/** Stops `count` runs, in each stage in turn, and tells of each as it comes. */
export async function stopRuns(count: number, seed: number, tell: (stop: Stop) => void): Promise<Stop[]> {
  const random = seededRandom(seed);
  const session = new StyleSession(nodeWorkers(1), loadModel);
  const typical = new Map<StageName, number>();
  const all: Stop[] = [];
  const timedRun = async (request: StyleRequest): Promise<number> => {
    const started = performance.now();
    await styleCode(session, request, {
      onStage: (event) => void (event.state === 'done' && typical.set(event.stage, event.ms)),
    });
    return performance.now() - started;
  };
  let colour = 0;
  const freshColours = (): StyleRequest => {
    colour += 1;
    return requestIn([colour % 50, Math.floor(colour / 50), 70]);
  };
  try {
    await session.warm();
    await timedRun(usual);
    const planMs = await timedRun(freshColours()).then(() => typical.get('plan')!);
    await timedRun(usual);
    for (let i = 0; i < count; i += 1) {
      const stage = STAGES[i % STAGES.length];
      const request = stage === 'plan' ? freshColours() : usual;
      const usualMs = stage === 'plan' ? planMs : (typical.get(stage) ?? 0);
      const stopped = await stopOne(
        session,
        request,
        stage,
        usualMs < LEAST_MS ? 0 : random() * WITHIN * usualMs,
      );
      let [nextMs, controlMs, nextIsRight] = [0, 0, false];
      // A code is right that two decoders have read: it is not given out otherwise.
      try {
        nextMs = await timedRun(usual);
        nextIsRight = true;
        controlMs = await timedRun(usual);
      } catch (thrown) {
        stopped.outcome += `; next: ${asSealedError(thrown).code}`;
      }
      const stop: Stop = { ...stopped, nextMs, controlMs, nextIsRight };
      all.push(stop);
      tell(stop);
    }
    return all;
  } finally {
    session.close();
  }
}

/** Stops one run `afterMs` after `target` has begun; 0 for at once. */
async function stopOne(
  session: StyleSession,
  request: StyleRequest,
  target: StageName,
  afterMs: number,
): Promise<{ stage: StageName; delayMs: number; outcome: string; stageEnded: boolean }> {
  const controller = new AbortController();
  let now: StageName = target;
  let stopped: { readonly at: number; readonly stage: StageName } | undefined;
  let stageEnded = false;
  const stop = (): void => {
    stopped = { at: performance.now(), stage: now };
    controller.abort();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = styleCode(session, request, {
    signal: controller.signal,
    onStage: ({ stage, state }) => {
      if (state === 'started') {
        now = stage;
        if (stage === target && !stopped) {
          if (afterMs === 0) stop();
          else timer = setTimeout(stop, afterMs);
        }
      } else if (state === 'done') stageEnded ||= stopped !== undefined;
    },
  });
  const outcome = await run.then(
    () => 'finished',
    (thrown: unknown) => asSealedError(thrown).code as string,
  );
  clearTimeout(timer);
  const ended = performance.now();
  return {
    stage: stopped?.stage ?? now,
    delayMs: stopped ? ended - stopped.at : 0,
    outcome: stopped ? outcome : 'not stopped in time',
    stageEnded,
  };
}
