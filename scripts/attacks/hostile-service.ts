// A service that keeps what crosses to it and answers as it likes: all that the attacks have, beside published pictures.
import { inProcessWorkers } from '../../fixtures/in-process-session.ts';
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { type Parameters, checkParameters } from '../../src/params/parameters.ts';
import type { SegmentInterface } from '../../src/plan/client-interface.ts';
import type { Card } from '../../src/protocol/card.ts';
import { decodeCard } from '../../src/protocol/card-codec.ts';
import type { ScanRole } from '../../src/qr/scan-role.ts';
import type { EvaluationAnswer, EvaluationRequest, LocalService } from '../../src/protocol/service.ts';

/** A run as the service knows it. */
export interface SeenRun {
  readonly card: Card;
  readonly parameters: Parameters;
  readonly segment: SegmentInterface;
  /** What the client sent: one frame for each input ciphertext. */
  readonly request: readonly Uint8Array[];
  /** What the service computed honestly, before it changed anything. */
  readonly answer: readonly Uint8Array[];
}

/** Changes an honest answer. The frames are the caller's own copies. */
export type Tamper = (frames: Uint8Array[], run: SeenRun) => readonly Uint8Array[];

/** One call that reached the service, as anybody on its side could note it. */
export interface Crossing {
  readonly call: string;
  /** Bytes of the frames in it. */
  readonly bytes: number;
}

/** Workers whose service is hostile. */
export interface HostileWorkers {
  readonly workers: SessionWorkers;
  /** The runs that were evaluated, oldest first. */
  readonly runs: SeenRun[];
  /** Every call, in order. */
  readonly crossings: Crossing[];
  /** Answers honestly where undefined. */
  tamper: Tamper | undefined;
}

/** Workers of this thread, with a service that changes the answers of last segments as `tamper` says, and keeps what it is sent. */
export function hostileWorkers(scan?: ScanRole): HostileWorkers {
  const inner = inProcessWorkers(1);
  const cards = new Map<string, Card>();
  const hostile: HostileWorkers = {
    runs: [],
    crossings: [],
    tamper: undefined,
    workers: {
      ...inner,
      service: () => hostileHandle(inner.service(), hostile, cards),
      ...(scan && { scan: () => ({ role: scan, dead: false, terminate: () => undefined }) }),
    },
  };
  return hostile;
}

function hostileHandle(
  handle: WorkerHandle<LocalService>,
  hostile: HostileWorkers,
  cards: Map<string, Card>,
): WorkerHandle<LocalService> {
  const honest = handle.role;
  const own: Partial<LocalService> = {
    card: async (...args) => {
      const bytes = await honest.card(...args);
      cards.set(await sha256(bytes), decodeCard(bytes));
      return bytes;
    },
    evaluate: async (request, controls) => {
      // An answer in flight is transferred: what is to be kept is copied first.
      const asked = seen(cards.get(request.card)!, request);
      const answer = await honest.evaluate(request, controls);
      const run = { ...asked, answer: answer.frames.map((frame) => frame.slice()) };
      return answerTo(run, request.segment, answer, hostile);
    },
  };
  // An object of its own as target: a frozen role would have to be shown as it is.
  const role = new Proxy({} as LocalService, {
    get(_, name: keyof LocalService) {
      // A role is not a promise, whatever asks for its `then`.
      if ((name as string) === 'then') return undefined;
      const method = (own[name] ?? honest[name].bind(honest)) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        hostile.crossings.push({ call: name, bytes: bytesIn(args) });
        return method(...args);
      };
    },
  });
  return {
    role,
    get dead() {
      return handle.dead;
    },
    terminate: handle.terminate,
  };
}

function seen(card: Card, { segment, frames }: EvaluationRequest): Omit<SeenRun, 'answer'> {
  return {
    card,
    parameters: checkParameters(card.parameters),
    segment: card.segments[segment],
    request: frames.map((frame) => frame.slice()),
  };
}

function answerTo(
  run: SeenRun,
  segment: number,
  answer: EvaluationAnswer,
  { runs, tamper }: HostileWorkers,
): EvaluationAnswer {
  if (segment < run.card.segments.length - 1) return answer;
  runs.push(run);
  if (!tamper) return answer;
  return { ...answer, frames: tamper([...answer.frames], run) };
}

/** Bytes of all arrays of bytes in the arguments of a call, however deep. */
function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + bytesIn(part), 0);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString('hex');
}
