// What each worker makes of messages that are no calls of its methods: nothing. In real threads, as they are started.
import { createHash } from 'node:crypto';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { afterEach, describe, expect, it } from 'vitest';
import { doubled, pictureOf, PIXELS, PLANES, QUICK_CARD, ready } from '../fixtures/client-cards.ts';
import { bytesOf, planOf } from '../fixtures/evaluator-plans.ts';
import { ATTACKS, hostileMessage } from '../fixtures/hostile-messages.ts';
import { SMALL } from '../fixtures/small-engine.ts';
import { seededRandom } from '../fixtures/styled-codes.ts';
import { kernelFile, loadModel, modelPath } from './platform/node-local-service.ts';
import { type BfvTester, PYFHEL_DEFAULTS } from '../src/bfv/bfv-test.ts';
import type { Raster } from '../src/base/raster.ts';
import type { ClientRole } from '../src/protocol/client.ts';
import type { EvaluatorRole } from '../src/protocol/evaluator.ts';
import type { LocalService } from '../src/protocol/service.ts';
import type { SimulatorRole } from '../src/protocol/simulator.ts';
import { encodeQr } from '../src/qr/matrix.ts';
import { drawPlain, filledRaster } from '../fixtures/plain-code.ts';
import type { ScanRole } from '../src/qr/scan-role.ts';
import { type CompilerRole, createCompiler } from '../src/service/compiler-role.ts';
import { scannerFiles } from './platform/node-client.ts';
import { startThread } from './platform/node-thread.ts';
import { connect, type StartedWorker } from './pool.ts';
import { transferring } from './wire.ts';

const threads: StartedWorker[] = [];
afterEach(() => {
  for (const thread of threads.splice(0)) thread.terminate();
});

const hash = (...parts: Uint8Array[]): string =>
  parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest('hex');

const digits = async (): Promise<Parameters<CompilerRole['compile']>> => {
  const file = { name: 'digits.onnx', bytes: await loadModel('models/digits.onnx') };
  return [
    { kind: 'network', id: 'digits', hash: '0'.repeat(64), file },
    { kind: 'network', backend: 'simd' },
  ];
};

/** A worker, the names of its methods, and what is right of it: a probe that always comes to the same. */
interface Case {
  readonly thread: string;
  readonly setup: Parameters<typeof connect>[1];
  readonly methods: readonly string[];
  readonly probe: (role: object) => Promise<unknown>;
}

const CASES: readonly Case[] = [
  {
    thread: 'client',
    setup: {},
    methods: [
      'warm',
      'open',
      'prepare',
      'encrypt',
      'hold',
      'encryptHeld',
      'decrypt',
      'commit',
      'mix',
      'reveal',
      'forget',
      'close',
    ],
    probe: async (role) => {
      const client = role as ClientRole;
      const name = await ready(client, QUICK_CARD);
      const { frames } = await client.encrypt(name, PLANES);
      const { data } = await pictureOf(client, name, doubled(frames));
      expect(data).toEqual(PIXELS);
      return name;
    },
  },
  {
    thread: 'platform/node-service',
    setup: { kernel: kernelFile(), site: new URL(`file://${modelPath('')}`).href, evaluators: '1' },
    methods: ['models', 'card', 'putKeys', 'evaluate', 'drop', 'load', 'explain', 'warm', 'memoryBytes'],
    probe: (role) => (role as LocalService).models(),
  },
  {
    thread: 'evaluator',
    setup: { kernel: kernelFile() },
    methods: [
      'warm',
      'open',
      'close',
      'addPlan',
      'dropPlan',
      'addKeys',
      'dropKeys',
      'run',
      'progress',
      'end',
    ],
    probe: async (role) => {
      const evaluator = role as EvaluatorRole;
      const { polyModulusDegree, coeffModulusBits } = SMALL;
      const backend = await evaluator.open('a', { polyModulusDegree, coeffModulusBits }, 'simd');
      await evaluator.addPlan('a', 'plan', bytesOf(planOf(seededRandom(1), 2)));
      await evaluator.dropPlan('plan');
      return backend;
    },
  },
  {
    thread: 'compiler',
    setup: {},
    methods: ['warm', 'compile'],
    probe: async (role) => hash(...(await (role as CompilerRole).compile(...(await digits()))).plans),
  },
  {
    thread: 'simulator',
    setup: {},
    methods: ['simulate'],
    probe: async (role) => {
      const compiled = await createCompiler().compile(...(await digits()));
      const [segment] = compiled.interface.segments;
      const input = Float32Array.from({ length: 144 }, (_, i) => (i % 5) / 5);
      const { values } = await (role as SimulatorRole).simulate(compiled.plans[0], segment, input, 1);
      return [...values];
    },
  },
  {
    thread: 'scan',
    setup: scannerFiles(),
    methods: ['warm', 'prove'],
    probe: async (role) => {
      const code = encodeQr('https://example.org/letter');
      const picture = drawPlain(code, 8, 0, [0, 0, 0], [255, 255, 255]);
      const flat = (tone: number): Raster => filledRaster(picture.width, picture.height, [tone, tone, tone]);
      const ground = { light: flat(255), dark: flat(0), around: 0 };
      const text = 'https://example.org/letter';
      const request = { picture, code, pixelsPerModule: 8, margin: 0, ground, text };
      return hash((await (role as ScanRole).prove(request)).raster.data);
    },
  },
  {
    thread: 'bfv',
    setup: {},
    methods: ['test', 'slots'],
    probe: async (role) => {
      const set = { name: 'x', ...PYFHEL_DEFAULTS, p: 13_513_511, sec: 100 };
      const graph = { name: 'small', input: { id: 'in', shape: [4] }, nodes: [], output: 'in' };
      return (role as BfvTester).test({ set, graph, inputs: [], refresh: [], findNearest: false });
    },
  },
];

/** Sends `message`, with its `ports`. */
function send(worker: StartedWorker, message: unknown, ports: readonly MessagePort[] = []): void {
  worker.endpoint.postMessage(message, ports as unknown as Transferable[]);
}

describe.each(CASES)('the worker $thread', ({ thread, setup, methods, probe }) => {
  it('makes nothing of the attacks and of 10,000 random messages, and is right afterwards', async () => {
    const worker = startThread(thread);
    threads.push(worker);
    const answers: { id?: string; name?: string; value?: { code?: string } }[] = [];
    worker.endpoint.addEventListener('message', (event) => {
      const { data } = event as MessageEvent<{ id?: string }>;
      if (data.id?.startsWith('hostile')) answers.push(data);
    });
    const handle = connect<object>(worker, setup);
    const before = await probe(handle.role);

    const random = seededRandom(7);
    let named = 0;
    for (const { message } of ATTACKS) send(worker, { id: `hostile ${(named += 1)}`, ...message });
    for (let i = 0; i < 10_000; i += 1) {
      const { data, ports, isNamed } = hostileMessage(random, methods);
      named += isNamed ? 1 : 0;
      send(worker, data, ports);
    }

    // Messages are heard in order: all have been when this is answered.
    expect(await probe(handle.role)).toEqual(before);
    expect(answers).toHaveLength(named);
    const outcomes = new Set(answers.map(({ name, value }) => `${name} ${value?.code}`));
    expect([...outcomes]).toEqual(['throw invalid-argument']);
    expect(handle.dead).toBe(false);
  });
});

describe('the attacks', () => {
  const realm = globalThis as { planted?: unknown };
  afterEach(() => {
    delete realm.planted;
    delete (Function.prototype as { planted?: unknown }).planted;
  });

  it('work on a worker that Comlink serves alone: code runs, and all functions change', async () => {
    const { port1, port2 } = new MessageChannel();
    try {
      Comlink.expose(transferring({ prepare: () => Promise.resolve(1) }), nodeEndpoint(port1));
      const role = Comlink.wrap<{ prepare: unknown }>(nodeEndpoint(port2)) as unknown as {
        prepare: { constructor: new (code: string) => Promise<() => Promise<unknown>> };
      };
      const code = await new role.prepare.constructor('globalThis.planted = "code ran"');
      await code();
      expect(realm.planted).toBe('code ran');
      const [, , { message }] = ATTACKS;
      const answer = new Promise((resolve) => port2.once('message', resolve));
      port2.postMessage({ id: 'x', ...message });
      await answer;
      expect((Math.max as { planted?: unknown }).planted).toBe(1);
    } finally {
      port1.close();
    }
  });
});
