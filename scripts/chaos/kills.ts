// Workers that are killed at random moments: each run ends right, or says what died; the next one is right.
import { Session } from '../../src/app/session/session.ts';
import { asSealedError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/seeded-random.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import type { LocalService } from '../../src/protocol/service.ts';
import { createService } from '../../src/service/service.ts';
import { BACKEND_HASHES } from '../../workers/platform/backend-hashes.ts';
import { clientWorkers, startClient } from '../../workers/platform/node-client.ts';
import { kernelFile, loadModel, startService } from '../../workers/platform/node-local-service.ts';
import { startThread } from '../../workers/platform/node-thread.ts';
import { connect, type StartedWorker } from '../../workers/pool.ts';
import { cardOf, inputFrom, isRight, workload } from './workload.ts';

/** Who is killed. */
export const VICTIMS = ['evaluator', 'service', 'client'] as const;
type Victim = (typeof VICTIMS)[number];

/** What came of one kill. */
export interface Kill {
  readonly victim: Victim;
  /** Milliseconds after the run began, and what it was doing then. */
  readonly afterMs: number;
  readonly during: string;
  /** `right`, `wrong`, or the code of the error, with the worker that it names. */
  readonly outcome: string;
  /** Whether that is as it should be: right, or an error that names what died. */
  readonly isFair: boolean;
  readonly nextIsRight: boolean;
}

/** A session whose threads can be killed: the last one of each name. */
class Killable {
  readonly #threads = new Map<string, StartedWorker>();
  readonly session: Session;

  /** @param isService whether the service is a thread of its own; else it is here, so that its evaluators can be reached */
  constructor(isService: boolean) {
    const service = (): WorkerHandle<LocalService> =>
      isService ? startService(1, this.#start) : this.#serviceHere();
    const workers = { ...clientWorkers, client: () => startClient(this.#start), service };
    this.session = new Session({ workers, advice: 'Try again.' });
  }

  readonly #start = (name: string): StartedWorker => {
    const thread = startThread(name);
    this.#threads.set(thread.name, thread);
    return thread;
  };

  #serviceHere(): WorkerHandle<LocalService> {
    const service = createService({
      loadModel,
      evaluators: 1,
      kernels: BACKEND_HASHES,
      startEvaluator: () => connect(this.#start('evaluator'), { kernel: kernelFile() }),
      startCompiler: () => connect(startThread('compiler'), {}),
      startSimulator: () => connect(startThread('simulator'), {}),
    });
    let dead = false;
    return {
      role: service,
      get dead() {
        return dead;
      },
      terminate: () => {
        dead = true;
        void service.close();
      },
    };
  }

  /** Resolves once the thread has gone: its system takes a moment. */
  kill(victim: Victim): Promise<void> {
    const thread = this.#threads.get(victim);
    if (!thread) return Promise.resolve();
    return new Promise((resolve) => {
      thread.onDeath(() => resolve());
      thread.terminate();
    });
  }
}

// Two segments, between which the client holds what it has decrypted.
const work = workload(3, { refresh: [1] });

/** Kills `count` workers, one in a run each, and tells of each as it comes. */
export async function killWorkers(count: number, seed: number, tell: (kill: Kill) => void): Promise<Kill[]> {
  const random = seededRandom(seed);
  const all: Kill[] = [];
  const places = { here: new Killable(false), thread: new Killable(true) };
  try {
    for (const { session } of Object.values(places)) await timed(session, random);
    for (let i = 0; i < count; i += 1) {
      const victim = VICTIMS[i % VICTIMS.length];
      const place = victim === 'evaluator' ? places.here : places.thread;
      const typicalMs = await timed(place.session, random);
      const kill = await killOne(place, victim, random() * typicalMs, random);
      all.push(kill);
      tell(kill);
    }
    return all;
  } finally {
    for (const { session } of Object.values(places)) session.close();
  }
}

/** Milliseconds of a run that nothing happens to. */
async function timed(session: Session, random: () => number): Promise<number> {
  const card = await cardOf(session, work);
  const started = performance.now();
  if (!(await isRight(session, work, card, inputFrom(random))))
    throw new Error('A run was wrong before any kill.');
  return performance.now() - started;
}

/** How a run ended: `right`, `wrong`, or what it said. */
async function ending(
  session: Session,
  random: () => number,
  onStage: (event: { readonly stage: string }) => void = () => undefined,
): Promise<{ readonly outcome: string; readonly died: unknown }> {
  try {
    const card = await cardOf(session, work);
    const right = await isRight(session, work, card, inputFrom(random), { onStage });
    return { outcome: right ? 'right' : 'wrong', died: undefined };
  } catch (thrown) {
    const { code, detail } = asSealedError(thrown);
    return {
      outcome: `${code} ${detail['worker'] ?? ''}`.trim(),
      died: code === 'worker-died' && detail['worker'],
    };
  }
}

async function killOne(
  place: Killable,
  victim: Victim,
  afterMs: number,
  random: () => number,
): Promise<Kill> {
  const { session } = place;
  let stage = 'plan';
  let during: string | undefined;
  let death: Promise<void> | undefined;
  const timer = setTimeout(() => {
    during = stage;
    death = place.kill(victim);
  }, afterMs);
  let run = await ending(session, random, (event) => (stage = event.stage));
  clearTimeout(timer);
  if (during === undefined) {
    // The run was over before the moment came: the worker dies between two runs, and the second may not know it yet.
    during = 'between runs';
    death = place.kill(victim);
    run = await ending(session, random);
  }
  // The next run is one that nothing happens to.
  await death;
  const isFair = run.outcome === 'right' || run.died === victim;
  const next = await ending(session, random);
  return { victim, afterMs, during, outcome: run.outcome, isFair, nextIsRight: next.outcome === 'right' };
}
