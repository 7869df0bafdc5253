// This side's copy of the styles: loaded once, asked for again after a failure, and what the float network draws.
import { describe, expect, it, vi } from 'vitest';
import { waitAtEveryCheckpoint } from '../../../fixtures/evaluator-plans.ts';
import { loadModel } from '../../../workers/platform/node-local-service.ts';
import { asSealedError, SealedError } from '../../base/errors.ts';
import { STYLES, styleById } from '../../style/styles.ts';
import { StyleReferences } from './reference.ts';

const gradient = styleById('gradient');

describe('StyleReferences', () => {
  it('loads each network once, and draws with it', async () => {
    const asked: string[] = [];
    const references = new StyleReferences((path) => {
      asked.push(path);
      return loadModel(path);
    });
    for (const style of [...STYLES, ...STYLES]) {
      const dark = new Float32Array(441).fill(0, 0, 220).fill(1, 220);
      const picture = await references.picture(style, 21, style.defaultColours, 4, dark);
      expect(picture).toHaveLength(3 * 92 * 92);
      expect(picture.every((value) => value > -0.4 && value < 1.4)).toBe(true);
    }
    expect(asked).toEqual([...new Set(STYLES.map((style) => style.model))]);
  });

  it('draws in slices: what arrives meanwhile is heard, a stop as well', async () => {
    const references = new StyleReferences(loadModel);
    await references.network(gradient);
    waitAtEveryCheckpoint();
    const dark = new Float32Array(441).fill(1, 220);
    const draw = (controls = {}) =>
      references.picture(gradient, 21, gradient.defaultColours, 4, dark, controls);
    const order: string[] = [];
    const stop = new AbortController();
    const stopped = draw({ signal: stop.signal }).catch((error: unknown) =>
      order.push(asSealedError(error).code),
    );
    setTimeout(() => {
      order.push('message');
      stop.abort();
    }, 0);
    await stopped;
    // One that was stopped leaves nothing half drawn behind.
    const drawn = draw().then((picture) => order.push(`picture of ${picture.length}`));
    setTimeout(() => order.push('message'), 0);
    await drawn;
    expect(order).toEqual(['message', 'aborted', 'message', `picture of ${3 * 92 * 92}`]);
    vi.restoreAllMocks();
  });

  it('asks for a network again after a failure, and passes the failure on', async () => {
    let calls = 0;
    const failure = new SealedError('load-failed', 'Offline.');
    const references = new StyleReferences((path) => {
      calls += 1;
      return calls === 1 ? Promise.reject(failure) : loadModel(path);
    });
    await expect(references.network(gradient)).rejects.toBe(failure);
    expect((await references.network(gradient)).nodes.length).toBeGreaterThan(0);
    expect(calls).toBe(2);
  });

  it('refuses a file that is no network', async () => {
    const references = new StyleReferences(() =>
      Promise.resolve(new TextEncoder().encode('<!doctype html>')),
    );
    await expect(references.network(gradient)).rejects.toMatchObject({ code: 'malformed-model' });
  });
});
