// Handles on workers over real message channels: answers, errors that keep their code, buffers that move, death.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import * as Comlink from 'comlink';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Controls, nextTask } from '../src/base/controls.ts';
import { SealedError, throwIfAborted } from '../src/base/errors.ts';
import type { WorkerHandle } from '../src/base/worker-handle.ts';
import { callsOnly } from './dispatcher.ts';
import { connect } from './pool.ts';
import { transferring } from './wire.ts';

/** A role with one method for each thing that can happen. */
const role = {
  kept: [] as ArrayBuffer[],
  add: (a: number, b: number): Promise<number> => Promise.resolve(a + b),
  nothing: (): Promise<void> => Promise.resolve(),
  buffers(): Promise<unknown> {
    const [first, second, third] = [
      new Uint8Array(8).fill(1),
      new Float32Array(4).fill(2),
      new Uint8Array(6),
    ];
    role.kept = [first.buffer, second.buffer, third.buffer];
    return Promise.resolve({
      frames: [{ index: 0, frame: first }],
      deep: { second, half: third.subarray(3) },
      n: 5,
    });
  },
  bare(): Promise<Uint8Array> {
    const bytes = new Uint8Array(3).fill(7);
    role.kept = [bytes.buffer];
    return Promise.resolve(bytes);
  },
  echo: (bytes: Uint8Array): Promise<number> => Promise.resolve(bytes.length),
  sealed: (): Promise<never> =>
    Promise.reject(
      new SealedError('missing-key', 'No key.', {
        stage: 'server',
        detail: { step: 3, name: 'x', ok: false },
      }),
    ),
  staged: (): Promise<never> => Promise.reject(new SealedError('timeout', 'Late.')),
  plain: (): Promise<never> => Promise.reject(new TypeError('A bug.')),
  odd: (): Promise<never> => Promise.reject(JSON.parse('"a string"') as Error),
  unloaded: (): Promise<never> =>
    Promise.reject(
      new SealedError('load-failed', 'The file is blocked.', { detail: { reason: 'unreachable' } }),
    ),
  never: (): Promise<never> => new Promise(() => undefined),
  /** Works until it is told to stop, and says that it has begun. */
  async work(name: string, { signal, onProgress }: Controls<string> = {}): Promise<never> {
    onProgress?.(`${name} begins`);
    for (;;) {
      await nextTask();
      throwIfAborted(signal, 'server');
    }
  },
  count: async (to: number, { onProgress }: Controls<number> = {}): Promise<number> => {
    for (let i = 1; i <= to; i += 1) {
      onProgress?.(i);
      await nextTask();
    }
    return to;
  },
  given: (...args: unknown[]): Promise<string> =>
    Promise.resolve(
      args
        .map((arg) =>
          (arg as Controls | undefined)?.signal instanceof AbortSignal ? 'controls' : typeof arg,
        )
        .join(),
    ),
  forever: (_: Controls<number>): Promise<never> => new Promise(() => undefined),
};
type Role = Omit<typeof role, 'kept'>;

const open: { close(): void }[] = [];
afterEach(() => {
  for (const { close } of open.splice(0)) close();
});

interface Started {
  readonly handle: WorkerHandle<Role>;
  readonly die: (reason: string) => void;
  readonly log: string[];
}

/** A worker in this thread, behind a real channel. */
function start(): Started {
  const { port1, port2 } = new MessageChannel();
  open.push({ close: () => port1.close() });
  const log: string[] = [];
  const served = nodeEndpoint(port1);
  const listen = (event: Event): void => {
    const { setup } = (event as MessageEvent<{ setup?: { name: string } }>).data;
    if (!setup) return;
    log.push(`set up with ${setup.name}`);
    served.removeEventListener('message', listen);
    const { kept: _, ...methods } = role;
    const guarded = transferring(methods);
    Comlink.expose(guarded, callsOnly(served, guarded));
  };
  served.addEventListener('message', listen);
  let die: (reason: string) => void = () => undefined;
  const handle = connect<Role>(
    {
      name: 'test',
      endpoint: nodeEndpoint(port2),
      terminate: () => log.push('terminated'),
      onDeath: (listener) => (die = listener),
    },
    { name: 'test' },
  );
  return { handle, die: (reason) => die(reason), log };
}

describe('connect', () => {
  it('sets the worker up, then passes calls and answers', async () => {
    const { handle, log } = start();
    expect(await handle.role.add(2, 3)).toBe(5);
    expect(await handle.role.nothing()).toBeUndefined();
    expect(await Promise.all([handle.role.add(1, 1), handle.role.add(2, 2)])).toEqual([2, 4]);
    expect(log).toEqual(['set up with test']);
    expect(handle.dead).toBe(false);
  });

  it('can be awaited: it is not a promise', async () => {
    const { handle } = start();
    expect(await Promise.resolve(handle.role)).toBe(handle.role);
  });

  it('moves the buffers of answers, however deep: nothing is left at the sender', async () => {
    const { handle } = start();
    expect(await handle.role.buffers()).toEqual({
      frames: [{ index: 0, frame: new Uint8Array(8).fill(1) }],
      deep: { second: new Float32Array(4).fill(2), half: new Uint8Array(3) },
      n: 5,
    });
    expect(role.kept.map(({ byteLength, detached }) => [byteLength, detached])).toEqual(
      Array(3).fill([0, true]),
    );
    expect(await handle.role.bare()).toEqual(new Uint8Array(3).fill(7));
    expect(role.kept[0].detached).toBe(true);
  });

  it('copies the buffers of arguments, which several workers may be given', async () => {
    const { handle } = start();
    const bytes = new Uint8Array(9);
    expect(await handle.role.echo(bytes)).toBe(9);
    expect(bytes.byteLength).toBe(9);
  });

  it('keeps code, text, stage and detail of an error', async () => {
    const { handle } = start();
    const error: unknown = await handle.role.sealed().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SealedError);
    expect(error).toMatchObject({
      code: 'missing-key',
      message: 'No key.',
      stage: 'server',
      detail: { step: 3, name: 'x', ok: false },
    });
    await expect(handle.role.staged()).rejects.toMatchObject({
      code: 'timeout',
      stage: undefined,
      detail: {},
    });
  });

  it('turns anything else that is thrown into an error with a code', async () => {
    const { handle } = start();
    const internal = { code: 'internal', stage: 'worker' };
    await expect(handle.role.plain()).rejects.toMatchObject({
      ...internal,
      message: 'Unexpected failure: A bug.',
    });
    await expect(handle.role.odd()).rejects.toMatchObject({
      ...internal,
      message: 'Unexpected failure: a string',
    });
    await expect(handle.role.echo((() => 1) as never)).rejects.toThrow();
  });

  it('serves no method the role does not have', async () => {
    const { handle } = start();
    const other = handle.role as unknown as {
      constructor: () => Promise<unknown>;
      missing: () => Promise<unknown>;
    };
    const refused = { code: 'invalid-argument', message: 'The worker has no such method.' };
    await expect(other.missing()).rejects.toMatchObject(refused);
    await expect(other.constructor()).rejects.toMatchObject(refused);
  });
});

describe('a worker that dies', () => {
  const died = { code: 'worker-died', stage: 'worker', detail: { worker: 'test' } };

  it('fails what waits for it and what is asked later, and is terminated', async () => {
    const { handle, die, log } = start();
    const waiting = [handle.role.never(), handle.role.never()];
    die('it ran out of memory');
    for (const call of waiting) {
      await expect(call).rejects.toMatchObject({
        ...died,
        message: expect.stringContaining('out of memory') as string,
      });
    }
    await expect(handle.role.add(1, 2)).rejects.toMatchObject(died);
    expect(handle.dead).toBe(true);
    expect(log).toContain('terminated');
  });

  it('dies once, however often it is said', async () => {
    const { handle, die, log } = start();
    await handle.role.nothing();
    handle.terminate('it was slow');
    die('exit code 1');
    handle.terminate();
    expect(log.filter((entry) => entry === 'terminated')).toHaveLength(1);
    await expect(handle.role.nothing()).rejects.toThrow(/it was slow/);
  });

  it('leaves no rejection unhandled, with or without callers', async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listener);
    const idle = start();
    idle.die('idle');
    const busy = start();
    const call = busy.handle.role.sealed();
    busy.die('busy');
    await expect(call).rejects.toMatchObject(died);
    // Node reports what nobody caught before it goes on to the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });
});

describe('a worker that could not load a file', () => {
  it('is ended with that error, which all who wait for it are told: only a new worker can try again', async () => {
    const { handle, log } = start();
    const waiting = handle.role.never();
    const error = { code: 'load-failed', message: 'The file is blocked.', detail: { reason: 'unreachable' } };
    await expect(handle.role.unloaded()).rejects.toMatchObject(error);
    await expect(waiting).rejects.toMatchObject(error);
    await expect(handle.role.add(1, 2)).rejects.toMatchObject(error);
    expect(handle.dead).toBe(true);
    expect(log.filter((entry) => entry === 'terminated')).toHaveLength(1);
  });

  it('is the only one: other errors leave a worker in service', async () => {
    const { handle } = start();
    await expect(handle.role.sealed()).rejects.toMatchObject({ code: 'missing-key' });
    expect(handle.dead).toBe(false);
    expect(await handle.role.add(1, 2)).toBe(3);
  });
});

describe('controls', () => {
  /** Ports that calls have opened since, at the caller's side and at the worker's, and those that have closed. */
  function watchPorts(): { opened: () => number; allClosed: () => Promise<void> } {
    const closed: Promise<void>[] = [];
    const Original = globalThis.MessageChannel;
    class Watched extends Original {
      constructor() {
        super();
        for (const port of [this.port1, this.port2] as unknown as NodePort[]) {
          closed.push(new Promise((resolve) => port.on('close', resolve)));
        }
      }
    }
    vi.stubGlobal('MessageChannel', Watched);
    return { opened: () => closed.length, allClosed: async () => void (await Promise.all(closed)) };
  }
  interface NodePort {
    on(event: 'close', listener: () => void): void;
  }
  afterEach(() => vi.unstubAllGlobals());

  it('carry an abort to the role, and the call rejects with aborted', async () => {
    const { handle } = start();
    const ports = watchPorts();
    const controllers = [new AbortController(), new AbortController()];
    const begun: string[] = [];
    const all = Promise.withResolvers<void>();
    const onProgress = (name: string): void => void (begun.push(name) === 2 && all.resolve());
    const calls = controllers.map(({ signal }, index) =>
      handle.role.work(`call ${index}`, { signal, onProgress }),
    );
    await all.promise;
    expect(begun.sort()).toEqual(['call 0 begins', 'call 1 begins']);
    const aborted = { code: 'aborted', stage: 'server' };
    const [first, second] = calls.map((call) => expect(call).rejects.toMatchObject(aborted));
    controllers[0].abort();
    await first;
    // The other call was not meant.
    expect(await handle.role.add(1, 2)).toBe(3);
    expect(await Promise.race([calls[1].catch(() => 'ended'), nextTask().then(() => 'runs')])).toBe('runs');
    controllers[1].abort();
    await second;
    expect(ports.opened()).toBe(4);
    await ports.allClosed();
    expect(handle.dead).toBe(false);
  });

  it('carry an abort that came before the call', async () => {
    const { handle } = start();
    const call = handle.role.work('late', { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'aborted', stage: 'server' });
  });

  it('bring progress back in order, and nothing after the answer; the ports close', async () => {
    const { handle } = start();
    const ports = watchPorts();
    const seen: number[] = [];
    expect(await handle.role.count(4, { onProgress: (value) => seen.push(value) })).toBe(4);
    const { length } = seen;
    await ports.allClosed();
    await nextTask();
    expect(seen).toHaveLength(length);
    // What is sent with the answer itself may come too late; what came, came in order.
    expect(seen).toEqual([1, 2, 3, 4].slice(0, length));
    expect(length).toBeGreaterThanOrEqual(3);
    expect(ports.opened()).toBe(2);
  });

  it('let go of the signal and of the ports when the call fails or the worker dies', async () => {
    const { handle, die } = start();
    const ports = watchPorts();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const missing = handle.role as unknown as { nowhere: (controls: Controls) => Promise<void> };
    await expect(missing.nowhere({ signal })).rejects.toMatchObject({ code: 'invalid-argument' });
    const waiting = [handle.role.forever({ signal }), handle.role.forever({ onProgress: () => undefined })];
    die('planted');
    for (const call of waiting) await expect(call).rejects.toMatchObject({ code: 'worker-died' });
    expect(added.mock.calls.map(([, listener]) => listener)).toEqual(
      removed.mock.calls.map(([, listener]) => listener),
    );
    expect(ports.opened()).toBe(6);
    await ports.allClosed();
  });

  it('open no port for a dead worker', async () => {
    const { handle, die } = start();
    die('planted');
    const ports = watchPorts();
    const { signal } = new AbortController();
    await expect(handle.role.forever({ signal })).rejects.toMatchObject({ code: 'worker-died' });
    expect(ports.opened()).toBe(0);
  });

  it('are left out where there are none: the role gets what it was given, and no port is opened', async () => {
    const { handle } = start();
    const ports = watchPorts();
    expect(await handle.role.given(1, 'a')).toBe('number,string');
    expect(await handle.role.given({ signal: undefined, onProgress: undefined })).toBe('object');
    expect(await handle.role.given()).toBe('');
    expect(ports.opened()).toBe(0);
    const { signal } = new AbortController();
    expect(await handle.role.given(1, { signal })).toBe('number,controls');
    expect(await handle.role.given(undefined, { onProgress: () => undefined })).toBe('undefined,controls');
  });
});

describe('an answer', () => {
  it('is not kept by the handle once it has been given', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { handle } = start();
    const answer = new WeakRef((await handle.role.buffers()) as object);
    expect(await handle.role.add(1, 1)).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 0));
    collectGarbage();
    expect(answer.deref()).toBeUndefined();
    expect(handle.dead).toBe(false);
  });
});

describe('transferring', () => {
  it('is a frozen object without a prototype that holds the methods alone', async () => {
    const wrapped = transferring({ one: () => Promise.resolve(1) }) as { one: () => Promise<number> };
    expect(Object.isFrozen(wrapped)).toBe(true);
    expect(Object.getPrototypeOf(wrapped)).toBeNull();
    expect(Object.keys(wrapped)).toEqual(['one']);
    expect(await wrapped.one()).toBe(1);
  });
});
