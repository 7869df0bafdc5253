// This side's copy of the styles: loaded once, asked for again after a failure, and what the float network draws.
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../workers/platform/node-local-service.ts';
import { SealedError } from '../../base/errors.ts';
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
