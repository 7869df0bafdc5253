// What both sides of a worker agree on: errors keep their code, buffers are transferred and not copied.
import * as Comlink from 'comlink';
import { receiveControls } from './controls.ts';
import { asSealedError, SealedError, type SealedErrorOptions, type ErrorCode } from '../src/base/errors.ts';

interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly options: SealedErrorOptions;
}

function wireErrorOf(error: unknown): WireError {
  const { code, message, stage, detail } = asSealedError(error, 'worker');
  return { code, message, options: { ...(stage && { stage }), detail } };
}

/** An answer, in Comlink's form, by which a call fails with `error`. */
export function thrown(error: SealedError): object {
  return { type: 'HANDLER', name: 'throw', value: wireErrorOf(error) };
}

/** Comlink drops an error's own fields; this handler carries SealedError whole and turns all else into one. */
export function registerErrors(): void {
  const comlink = Comlink.transferHandlers.get('throw')!;
  Comlink.transferHandlers.set('throw', {
    canHandle: (value): value is unknown => comlink.canHandle(value),
    serialize: (failure: unknown) => [wireErrorOf((failure as { value: unknown }).value), []],
    deserialize: ({ code, message, options }: WireError) => {
      throw new SealedError(code, message, options);
    },
  });
}

/** The buffers in `value`, however deep. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (Array.isArray(value)) {
    for (const item of value) buffersIn(item, found);
  } else if (value && typeof value === 'object') {
    for (const item of Object.values(value)) buffersIn(item, found);
  }
  return found;
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** `role` with every result's buffers moved to the caller: a role keeps nothing of what it returns. */
export function transferring(role: object): object {
  const wrapped = Object.create(null) as Record<string, Method>;
  for (const [name, method] of Object.entries(role) as [string, Method][]) {
    wrapped[name] = async (...args) => {
      const call = receiveControls(args);
      try {
        const result = await method(...call.args);
        return result && typeof result === 'object'
          ? Comlink.transfer(result, [...buffersIn(result)])
          : result;
      } finally {
        call.end();
      }
    };
  }
  return Object.freeze(wrapped);
}
