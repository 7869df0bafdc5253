// Real worker threads: whole runs over the thread boundary, errors with their codes, and what a killed thread leaves.
import { afterEach, describe, expect, it } from 'vitest';
import { scanRequest, textOf } from '../../fixtures/scan-requests.ts';
import { writeOnnx } from '../../fixtures/onnx-writer.ts';
import { runSealed } from '../../src/app/session/run.ts';
import { Session } from '../../src/app/session/session.ts';
import { Stages } from '../../src/app/session/stages.ts';
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import { asSealedError } from '../../src/base/errors.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { SERVER_BACKENDS } from '../../src/protocol/backends.ts';
import type { LocalService, StyleOptions } from '../../src/protocol/service.ts';
import type { ScanRole } from '../../src/qr/scan-role.ts';
import { nodeWorkers } from './node.ts';

const started: WorkerHandle<unknown>[] = [];
function keep<Role>(handle: WorkerHandle<Role>): WorkerHandle<Role> {
  started.push(handle);
  return handle;
}
afterEach(() => {
  for (const { terminate } of started.splice(0)) terminate();
});

/** `handle` with `onEvaluate` called whenever an evaluation has been asked for. */
function told(
  handle: WorkerHandle<LocalService>,
  onEvaluate: (service: WorkerHandle<LocalService>) => void,
): WorkerHandle<LocalService> {
  const role = new Proxy(handle.role, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (name !== 'evaluate') return method;
      return (...args: Parameters<LocalService['evaluate']>) => {
        const answer = target.evaluate(...args);
        onEvaluate(handle);
        return answer;
      };
    },
  });
  return {
    role,
    get dead() {
      return handle.dead;
    },
    terminate: (reason) => {
      handle.terminate(reason);
    },
  };
}

/** A session in threads, and the services and scanners that it has started. */
function openSession(
  evaluators: number,
  onEvaluate: (service: WorkerHandle<LocalService>) => void = () => undefined,
): {
  session: Session;
  services: WorkerHandle<LocalService>[];
  scans: WorkerHandle<ScanRole>[];
} {
  const workers = nodeWorkers(evaluators);
  const services: WorkerHandle<LocalService>[] = [];
  const scans: WorkerHandle<ScanRole>[] = [];
  const watched: SessionWorkers = {
    client: () => keep(workers.client()),
    service: () => {
      services.push(keep(workers.service()));
      return told(services.at(-1), onEvaluate);
    },
    scan: () => {
      scans.push(keep(workers.scan()));
      return scans.at(-1);
    },
  };
  return { session: new Session({ workers: watched, advice: 'Try again.' }), services, scans };
}

const weights = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * 1.7) / 3);
const network = {
  name: 'small.onnx',
  bytes: writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, 6] },
    initializers: [{ name: 'w', dims: [6, 4], data: weights }],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'Mul', inputs: ['h', 'h'], outputs: ['y'] },
    ],
    output: 'y',
  }),
};
const input = Float32Array.of(0.1, 0.5, 0.9, 0.3, 0.7, 0.2);
const output = [0, 1, 2, 3].map((at) => input.reduce((sum, x, i) => sum + x * weights[i * 4 + at], 0) ** 2);
const style: StyleOptions = {
  kind: 'style',
  modules: 21,
  pixelsPerModule: 4,
  colours: { start: [20, 20, 80], end: [80, 20, 20], background: [255, 255, 255] },
  backend: 'simd',
};
const code = Float32Array.from({ length: 21 * 21 }, (_, i) => (i * 7) % 2);

describe('nodeWorkers', () => {
  it.each(SERVER_BACKENDS)('run a network and a style from end to end in threads, on %s', async (backend) => {
    const { session, services } = openSession(2);
    await session.warm();
    const { id } = await session.load(network);
    const card = await session.card(id, { kind: 'network', backend });
    expect(card.card.backend).toBe(backend);
    const { outputs } = await runSealed(session, { card, inputs: [input] }, new Stages({}));
    output.forEach((value, i) => expect(outputs[0][i]).toBeCloseTo(value, 2));

    const drawing = await session.card('liquid', { ...style, backend });
    const shares: number[] = [];
    const onStage = (event: { stage: string; state: string; share?: number }): void => {
      if (event.stage === 'keygen' && event.share !== undefined) shares.push(event.share);
    };
    const run = { card: drawing, inputs: [code] };
    const { picture, bytes } = await runSealed(session, run, new Stages({ onStage }));
    expect(picture).toMatchObject({ width: 92, height: 92 });
    expect(bytes.evaluationKeys).toBeGreaterThan(0);
    expect(shares.at(-1)).toBe(1);
    // Light where the code is light, and darker where it is dark.
    const at = (module: number): number => {
      // One module of margin.
      const [x, y] = [(module % 21) * 4 + 6, Math.floor(module / 21) * 4 + 6];
      return picture!.data[3 * (y * 92 + x)];
    };
    const mean = (dark: number): number => {
      const modules = [...code.keys()].filter((module) => code[module] === dark);
      return modules.reduce((sum, module) => sum + at(module), 0) / modules.length;
    };
    expect(mean(0)).toBeGreaterThan(mean(1) + 60);
    expect((await session.serverMemoryBytes()).some((size) => size > 1 << 18)).toBe(true);
    expect(services).toHaveLength(1);
  });

  it('tell of a service that is ended in mid-run, and the next run is right', async () => {
    const { session, services } = openSession(1, (service) => {
      // The call is on its way: the first service does not live to answer it.
      if (services.length === 1) service.terminate('planted');
    });
    const { id } = await session.load(network);
    const card = await session.card(id, { kind: 'network', backend: 'simd' });
    const running = runSealed(session, { card, inputs: [input] }, new Stages({}));
    const message = expect.stringContaining('planted') as string;
    await expect(running).rejects.toMatchObject({ code: 'worker-died', message });
    const { outputs } = await runSealed(session, { card, inputs: [input] }, new Stages({}));
    output.forEach((value, i) => expect(outputs[0][i]).toBeCloseTo(value, 2));
    expect(services.map(({ dead }) => dead)).toEqual([true, false]);
  });

  it('carry errors with their codes, and a stop to the service and its evaluators', async () => {
    const service = keep(nodeWorkers(1).service());
    const options = { kind: 'network', backend: 'simd' } as const;
    await expect(service.role.card('nowhere', options)).rejects.toMatchObject({
      code: 'invalid-argument',
      stage: 'model',
    });
    const keys = service.role.putKeys('0'.repeat(64), 'mine', new Uint8Array(3));
    await expect(keys).rejects.toMatchObject({ code: 'card-gone', stage: 'server' });
    const { id } = await service.role.load(network);
    const compiling = service.role.card(id, options, { signal: AbortSignal.abort() });
    await expect(compiling).rejects.toMatchObject({ code: 'aborted', stage: 'compile' });
    expect((await service.role.card(id, options)).byteLength).toBeGreaterThan(100);
    const { client } = nodeWorkers(1);
    const { role } = keep(client());
    await expect(role.open(new Uint8Array(9))).rejects.toMatchObject({ code: 'malformed-frame' });
    await expect(role.encrypt('0'.repeat(64), input)).rejects.toMatchObject({ code: 'card-gone' });
  });

  it('fail what waits for a thread that is ended, and leave the others alone', async () => {
    const workers = nodeWorkers(1);
    const [ended, other] = [keep(workers.service()), keep(workers.service())];
    await ended.role.models();
    const waiting = ended.role.warm();
    ended.terminate('planted');
    await expect(waiting).rejects.toMatchObject({ code: 'worker-died' });
    expect(ended.dead).toBe(true);
    expect((await other.role.models()).length).toBeGreaterThan(0);
    expect(other.dead).toBe(false);
  });

  it('survive calls of methods that do not exist', async () => {
    const handle = keep(nodeWorkers(1).service());
    await handle.role.models();
    const missing = handle.role as unknown as { nowhere: () => Promise<void> };
    await expect(missing.nowhere()).rejects.toMatchObject({ code: 'invalid-argument' });
    expect((await handle.role.capabilities()).evaluators).toBe(1);
    expect(handle.dead).toBe(false);
  });

  it('scan in a thread of their own', async () => {
    const { role } = keep(nodeWorkers(1).scan());
    await role.warm();
    await expect(role.prove({ foreground: undefined } as never)).rejects.toMatchObject({ code: 'internal' });
  });

  it('stop a proof of 900 characters in its thread, and the next, short one goes first', async () => {
    const { session, scans } = openSession(1);
    const short = scanRequest('short');
    expect(await session.prove(short)).toMatchObject({ proven: true });
    const log: string[] = [];
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const long = scanRequest(textOf(900), [150, 150, 150]);
    const stopped = session
      .prove(long, { signal: controller.signal, onProgress: () => begun.resolve() })
      .catch((error: unknown) => log.push(asSealedError(error).code));
    await begun.promise;
    const started = performance.now();
    controller.abort();
    await stopped;
    const heardMs = performance.now() - started;
    const { proven } = await session.prove(short);
    log.push(`proven ${proven}`);
    const nextMs = performance.now() - started;
    console.info(
      `heard after ${heardMs.toFixed(0)} ms; the next proof was there after ${nextMs.toFixed(0)} ms`,
    );
    expect(log).toEqual(['aborted', 'proven true']);
    // It heard of the stop, or another has taken its place.
    expect(scans.filter(({ dead }) => !dead)).toHaveLength(1);
  });
});
