// The one error type of the project: a closed set of codes, each with text a person can act on.

/**
 * What went wrong, as a closed union. Codes travel over workers and the wire; texts may change, codes may not.
 * No error carries plaintext, payload text or key bytes.
 */
export type ErrorCode =
  | 'invalid-argument'
  | 'payload-too-long'
  | 'insecure-parameters'
  | 'malformed-frame'
  | 'malformed-model'
  | 'unsupported-layer'
  | 'plan-rejected'
  | 'does-not-fit'
  | 'out-of-range'
  | 'missing-key'
  | 'wrong-state'
  | 'card-gone'
  | 'keys-gone'
  | 'hash-mismatch'
  | 'wrong-answer'
  | 'withheld'
  | 'not-scannable'
  | 'aborted'
  | 'timeout'
  | 'worker-died'
  | 'load-failed'
  | 'unprotected'
  | 'write-failed'
  | 'internal';

/** Where in the pipeline it went wrong, for the page and for logs. */
export type ErrorStage =
  | 'input'
  | 'qr'
  | 'style'
  | 'model'
  | 'compile'
  | 'keygen'
  | 'encrypt'
  | 'wire'
  | 'server'
  | 'decrypt'
  | 'correct'
  | 'scan'
  | 'export'
  | 'worker';

/** Options beside the message of a {@link SealedError}. */
export interface SealedErrorOptions {
  readonly stage?: ErrorStage;
  /** Facts for a program: numbers and names only, never payload or key material. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/** The error every room throws. `message` says what to do about it. */
export class SealedError extends Error {
  override readonly name = 'SealedError';
  readonly code: ErrorCode;
  readonly stage: ErrorStage | undefined;
  readonly detail: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, options: SealedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.stage = options.stage;
    this.detail = Object.freeze({ ...options.detail });
  }
}

/** Whether the same call may well succeed when it is made again, since what failed is replaced or fetched anew. */
export function isTransient({ code, detail }: SealedError): boolean {
  // No second try makes a browser younger.
  if (code === 'load-failed') return detail['reason'] !== 'unsupported';
  return code === 'worker-died' || code === 'timeout';
}

/** What `error` says. C++ exceptions out of WebAssembly carry an array as message: the type, then the text. */
function textOf(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message;
  if (Array.isArray(message)) return message.join(': ');
  return typeof message === 'string' ? message : String(error);
}

/** A {@link SealedError} for `error`, which is kept as it is when it already is one. */
export function asSealedError(error: unknown, stage?: ErrorStage): SealedError {
  if (error instanceof SealedError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new SealedError('aborted', 'Stopped.', { ...(stage && { stage }), cause: error });
  }
  return new SealedError('internal', `Unexpected failure: ${textOf(error)}`, {
    ...(stage && { stage }),
    cause: error,
  });
}

/** Throws `aborted` if `signal` has been aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, stage?: ErrorStage): void {
  if (signal?.aborted) throw new SealedError('aborted', 'Stopped.', stage ? { stage } : {});
}
