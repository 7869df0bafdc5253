// How a call is watched and stopped: the one spelling of signals and progress, in one thread and across workers alike.
import { SealedError, throwIfAborted, type ErrorStage } from './errors.ts';

/** The last parameter of every call that takes time. */
export interface Controls<Progress = unknown> {
  /** Ends the call with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the call has come. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A role hears its messages only when it waits; waiting costs a millisecond or two. */
const YIELD_EVERY_MS = 40;
/** A page draws sixty times a second, and answers a person meanwhile. */
export const PAGE_SLICE_MS = 16;

/**
 * A function for the loops of a long call: lets the thread hear its messages every `everyMs` milliseconds of work, and
 * throws once the signal has fired.
 * @throws SealedError `aborted`
 */
export function yielding(
  signal: AbortSignal | undefined,
  stage: ErrorStage,
  everyMs = YIELD_EVERY_MS,
): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last > everyMs) {
      await nextTask();
      last = performance.now();
    }
    throwIfAborted(signal, stage);
  };
}

/** Resolves after the messages that have arrived were heard. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Work in steps: it yields where it may rest, and returns what it comes to. */
export type Steps<T> = Generator<void, T>;

/** All of `steps`, with `pause` between two of them: what {@link yielding} makes. */
export async function inSlices<T>(steps: Steps<T>, pause: () => Promise<void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await pause();
  }
}

/** All of `steps` in one go: for short ones, and where nobody waits. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** When to stop waiting for a call. */
export interface CallLimits {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly stage: ErrorStage;
  /** What the person can do when it took too long: a sentence. */
  readonly advice: string;
}

/**
 * `call`, unless the signal or the timeout comes first.
 * @throws SealedError `aborted` or `timeout`
 */
export async function withLimits<T>(
  call: Promise<T>,
  { signal, timeoutMs, stage, advice }: CallLimits,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    onAbort = () => reject(new SealedError('aborted', 'Stopped.', { stage }));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    timer = setTimeout(() => {
      const seconds = Math.round(timeoutMs / 1000);
      reject(new SealedError('timeout', `No answer within ${seconds} s. ${advice}`, { stage }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([call, limit]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}
