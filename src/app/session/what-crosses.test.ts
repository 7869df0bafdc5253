// What a service sees of how a run ended: nothing. The same calls, sizes and order after success, refusal and scan failure.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inProcessWorkers, modelOf } from '../../../fixtures/in-process-session.ts';
import { PASSING_SCAN } from '../../../fixtures/passing-scan.ts';
import { roundsNetwork } from '../../../fixtures/rounds-network.ts';
import { cardOfGraph, SessionBench } from '../../../fixtures/session-bench.ts';
import { sameCrossings } from '../../../scripts/attacks/hostile-answers.ts';
import { type Crossing, hostileWorkers } from '../../../scripts/attacks/hostile-service.ts';
import { loadModel } from '../../../workers/platform/node-local-service.ts';
import type { Graph } from '../../model/graph.ts';
import type { EvaluationAnswer, EvaluationRequest } from '../../protocol/service.ts';
import { styleById } from '../../style/styles.ts';
import { planModel } from '../network/model-plan.ts';
import { runModel } from '../network/run-model.ts';
import { styleCode } from '../style/pipeline.ts';
import { StyleSession } from '../style/style-session.ts';
import { runSealed } from './run.ts';
import { Session } from './session.ts';
import { Stages } from './stages.ts';

describe('a picture', () => {
  it('ends in the same way for its service, whatever came of it', async () => {
    let reads = true;
    const prove: typeof PASSING_SCAN.prove = async (request) => ({
      ...(await PASSING_SCAN.prove(request)),
      proven: reads,
    });
    const hostile = hostileWorkers({ ...PASSING_SCAN, prove });
    const session = new StyleSession(hostile.workers, loadModel);
    const style = styleById('liquid');
    const colours = style.defaultColours;
    const crossed = async (text: string): Promise<[string | undefined, Crossing[]]> => {
      hostile.crossings.length = 0;
      const request = { text, ecc: 'M', style, colours, pixelsPerModule: 4, backend: 'simd' } as const;
      const code = await styleCode(session, request).then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      return [code, hostile.crossings.filter(({ call }) => call !== 'capabilities')];
    };
    await crossed('text 0');
    const [, honest] = await crossed('text 1');
    expect(honest.filter(({ call }) => call === 'drop')).toHaveLength(1);
    reads = false;
    const [unread, afterUnread] = await crossed('text 2');
    reads = true;
    hostile.tamper = (frames) => frames.with(0, frames[1]);
    const [refused, afterRefusal] = await crossed('text 3');
    expect([unread, refused]).toEqual(['not-scannable', 'malformed-frame']);
    expect(sameCrossings(afterUnread, honest)).toBe(true);
    expect(sameCrossings(afterRefusal, honest)).toBe(true);
    session.close();
  });
});

describe('a network with rounds', () => {
  it('asks the same of its service whatever that answers in the middle, and says at the end what was wrong', async () => {
    const inner = inProcessWorkers(1);
    const seen: [string, number][] = [];
    let tamper: ((answer: EvaluationAnswer, segment: number) => EvaluationAnswer) | undefined;
    const session = new Session({
      advice: 'Try again.',
      workers: {
        ...inner,
        service: () => {
          const handle = inner.service();
          const { evaluate, putKeys, drop } = handle.role;
          const role = {
            ...handle.role,
            putKeys: (...args: Parameters<typeof putKeys>) => {
              seen.push(['putKeys', args[2].length]);
              return putKeys(...args);
            },
            drop: (name: string) => {
              seen.push(['drop', 0]);
              return drop(name);
            },
            evaluate: async (...args: Parameters<typeof evaluate>) => {
              const [{ segment, frames }] = args;
              seen.push([`evaluate ${segment}`, frames.reduce((sum, { length }) => sum + length, 0)]);
              const answer = await evaluate(...args);
              return tamper ? tamper(answer, segment) : answer;
            },
          };
          return { ...handle, role, dead: false };
        },
      },
    });
    const model = modelOf(roundsNetwork);
    const inputs = [Float32Array.of(0.1, 0.7, -0.4, 0.5), Float32Array.of(0.3, 0.1, 0.9, 0.2)];
    const options = { backend: 'simd', clientOps: true } as const;
    const planned = await planModel(session, model, options);
    const run = async (): Promise<[unknown, [string, number][]]> => {
      seen.length = 0;
      const request = { ...options, model, planned, inputs, freshKeys: true };
      const code: unknown = await runModel(session, request).then(
        ({ keys }) => keys.reused,
        (error: { code: string }) => error.code,
      );
      return [code, seen.slice()];
    };
    const [fine, honest] = await run();
    expect(fine).toBe(0);
    expect(honest.map(([call]) => call)).toContain('evaluate 1');
    const wrongs: ((answer: EvaluationAnswer, segment: number) => EvaluationAnswer)[] = [
      (answer, segment) => (segment === 0 ? { ...answer, frames: [] } : answer),
      (answer, segment) => (segment === 1 ? { ...answer, frames: [] } : answer),
      (answer) => ({ ...answer, binding: { ...answer.binding, run: 'another' } }),
      (answer) => ({ ...answer, frames: answer.frames.map((frame) => frame.map((byte) => byte ^ 255)) }),
    ];
    for (tamper of wrongs) {
      const [code, crossed] = await run();
      expect(code).toMatch(/wrong-answer|malformed-frame/);
      expect(crossed).toEqual(honest);
    }
    session.close();
  });
});

describe('an answer', () => {
  const graph: Graph = { ...roundsNetwork, nodes: roundsNetwork.nodes.slice(0, 1), output: 'a' };
  let bench: SessionBench;
  beforeEach(() => {
    bench = new SessionBench({ dense: cardOfGraph('dense', graph) });
  });
  afterEach(() => {
    vi.useRealTimers();
    bench.session.close();
  });
  const freshRun = async (): Promise<unknown> => {
    const card = await bench.card('dense');
    const run = { card, inputs: [new Float32Array(4)], freshKeys: true };
    return runSealed(bench.session, run, new Stages({}));
  };

  it('that comes after the time limit is never decrypted, and its keys are dropped once', async () => {
    const card = await bench.card('dense');
    await bench.session.prepareKeys(card);
    const [service] = bench.services;
    const late = Promise.withResolvers<EvaluationAnswer>();
    const evaluate = service.answers.get('evaluate') as (request: EvaluationRequest) => EvaluationAnswer;
    let answer: EvaluationAnswer | undefined;
    const asked = Promise.withResolvers<void>();
    service.answers.set('evaluate', (request: EvaluationRequest) => {
      answer = evaluate(request);
      asked.resolve();
      return late.promise;
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
    const outcome = expect(freshRun()).rejects.toMatchObject({ code: 'timeout' });
    await asked.promise;
    await vi.advanceTimersByTimeAsync(3_600_000);
    await outcome;
    late.resolve(answer!);
    await vi.advanceTimersByTimeAsync(1000);
    expect(bench.clients[0].methods).not.toContain('decrypt');
    expect(bench.clients[0].methods.at(-1)).toBe('forget');
  });

  it('has its keys dropped once, before it is decrypted', async () => {
    await freshRun();
    const [service] = bench.services;
    expect(service.methods.filter((method) => method === 'drop')).toHaveLength(1);
    await freshRun();
    expect(service.methods.filter((method) => method === 'drop')).toHaveLength(2);
  });

  it('to another question is not decrypted at all', async () => {
    const card = await bench.card('dense');
    await bench.session.prepareKeys(card);
    const [service] = bench.services;
    const evaluate = service.answers.get('evaluate') as (request: EvaluationRequest) => EvaluationAnswer;
    service.answers.set('evaluate', (request: EvaluationRequest) => {
      const given = evaluate(request);
      return { ...given, binding: { ...given.binding, request: '0'.repeat(64) } };
    });
    await expect(freshRun()).rejects.toMatchObject({ code: 'wrong-answer', detail: { part: 'request' } });
    expect(bench.clients[0].methods).not.toContain('decrypt');
    expect(bench.clients[0].methods.at(-1)).toBe('forget');
  });
});
