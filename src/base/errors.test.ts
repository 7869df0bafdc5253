// The one error type: what goes in comes out, and what is not one becomes one that says what happened.
import { describe, expect, it } from 'vitest';
import { loadSeal } from '../seal/load.ts';
import { asSealedError, isTransient, SealedError, throwIfAborted } from './errors.ts';

describe('asSealedError', () => {
  it('keeps a SealedError as it is', () => {
    const error = new SealedError('timeout', 'Late.', { stage: 'server', detail: { seconds: 3 } });
    expect(asSealedError(error, 'wire')).toBe(error);
    expect(error).toMatchObject({ code: 'timeout', stage: 'server', detail: { seconds: 3 } });
    expect(Object.isFrozen(error.detail)).toBe(true);
  });

  it('turns an abort into aborted and anything else into internal, the cause kept', () => {
    const abort = new DOMException('The user left.', 'AbortError');
    expect(asSealedError(abort, 'server')).toMatchObject({ code: 'aborted', stage: 'server', cause: abort });
    for (const [thrown, text] of [
      [new TypeError('no such thing'), 'no such thing'],
      ['a string', 'a string'],
      [undefined, 'undefined'],
      [null, 'null'],
      [{ message: 5 }, '[object Object]'],
    ] as const) {
      expect(asSealedError(thrown)).toMatchObject({
        code: 'internal',
        message: `Unexpected failure: ${text}`,
      });
    }
  });

  it('reads what SEAL throws', async () => {
    const seal = await loadSeal();
    using literal = new seal.EncryptionParameters(seal.SchemeType.ckks);
    let thrown: unknown;
    try {
      literal.setPolyModulusDegree(2 ** 30);
      literal.loadFromArray(new Uint8Array(10));
    } catch (error) {
      thrown = error;
    }
    expect(asSealedError(thrown).message).toMatch(/^Unexpected failure: std::\w+: .+/);
  });
});

describe('isTransient', () => {
  it('holds for what is replaced or fetched anew, and not for what stays as it is', () => {
    for (const code of ['load-failed', 'worker-died', 'timeout'] as const) {
      expect(isTransient(new SealedError(code, 'No.'))).toBe(true);
    }
    for (const code of ['not-scannable', 'invalid-argument', 'internal', 'aborted'] as const) {
      expect(isTransient(new SealedError(code, 'No.'))).toBe(false);
    }
    const old = new SealedError('load-failed', 'Too old.', { detail: { reason: 'unsupported' } });
    expect(isTransient(old)).toBe(false);
  });
});

describe('throwIfAborted', () => {
  it('throws once the signal has fired', () => {
    const controller = new AbortController();
    expect(() => throwIfAborted(controller.signal)).not.toThrow();
    expect(() => throwIfAborted(undefined)).not.toThrow();
    controller.abort();
    expect(() => throwIfAborted(controller.signal, 'scan')).toThrow(
      expect.objectContaining({ code: 'aborted', stage: 'scan' }),
    );
  });
});
