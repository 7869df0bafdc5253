// Cut and choose: an opened run of an honest client is equal to the byte; one that leaks, in any form, is not.
import { roundsNetwork } from '../../fixtures/rounds-network.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { clientKernelBytes } from '../../fixtures/client-kernel.ts';
import { inProcessWorkers, modelOf } from '../../fixtures/in-process-session.ts';
import { SECRET_LEAKS } from '../../fixtures/leaking-client.ts';
import { planModel } from '../app/network/model-plan.ts';
import { type RunOutcome, runSealed } from '../app/session/run.ts';
import { Session } from '../app/session/session.ts';
import { Stages } from '../app/session/stages.ts';
import type { SessionWorkers } from '../app/session/workers.ts';
import { styleOptions } from '../app/style/style-options.ts';
import type { ClientRole } from '../protocol/client.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../style/graph.ts';
import { styleById } from '../style/styles.ts';
import { auditOpened } from './opened-run.ts';

const kernel = { kernel: clientKernelBytes() };
const MODULES = 21;
const values = Float32Array.from({ length: MODULES * MODULES }, (_, i) => (i * 7) % 2);

let session: Session | undefined;
afterEach(() => session?.close());

/** Workers whose client is changed by `change`. */
function workersWith(change: (role: ClientRole) => Partial<ClientRole>): SessionWorkers {
  const inner = inProcessWorkers(1);
  return {
    ...inner,
    client: () => {
      const handle = inner.client();
      const role = { ...handle.role, ...change(handle.role) };
      return { ...handle, role, dead: false };
    },
  };
}

/** A picture's run whose coin falls as told, by a style that has an evaluation key. */
async function pictureRun(coin: () => boolean, workers = inProcessWorkers(1)): Promise<RunOutcome> {
  session = new Session({ workers, advice: 'Try again.' });
  const style = styleById('liquid');
  const drawing = { style, colours: style.defaultColours, pixelsPerModule: DEFAULT_PIXELS_PER_MODULE };
  const card = await session.card(style.id, styleOptions({ ...drawing, backend: 'simd' }, MODULES));
  return runSealed(session, { card, inputs: [values], coin }, new Stages({}));
}

describe('a run whose coin falls', () => {
  it('one way is a picture, and cannot be opened any more', async () => {
    const { picture, opened } = await pictureRun(() => false);
    expect([picture !== undefined, opened]).toEqual([true, undefined]);
  });

  it('the other way is opened: there is no picture, and every byte is what the seed makes', async () => {
    const calls: string[] = [];
    const workers = workersWith((role) => ({
      decrypt: (...args) => {
        calls.push('decrypt');
        return role.decrypt(...args);
      },
      reveal: () => {
        calls.push('reveal');
        return role.reveal();
      },
    }));
    const { picture, outputs, opened } = await pictureRun(() => {
      calls.push('coin');
      return true;
    }, workers);
    expect([picture, outputs]).toEqual([undefined, []]);
    expect(calls).toEqual(['coin', 'reveal']);
    expect(opened!.own).toHaveLength(64);
    expect(opened!.page).toHaveLength(32);
    const finding = await auditOpened(opened!, kernel);
    expect(finding).toEqual({ code: 'opened-equal', differences: [], frames: expect.any(Number) as number });
    expect(finding.frames).toBe(opened!.requests[0].frames.length + 1);
    // Another seed, another part of the page's, another input: none of them makes these bytes.
    for (const change of [
      { own: opened!.own.map((byte) => byte ^ 1) },
      { page: opened!.page.map((byte) => byte ^ 1) },
      { inputs: [values.map((value) => 1 - value)] },
    ]) {
      expect((await auditOpened({ ...opened!, ...change }, kernel)).code).toBe('opened-differs');
    }
  });

  it.each(Object.entries(SECRET_LEAKS))('finds a client that leaks %s', async (_, leak) => {
    const { opened } = await pictureRun(() => true, workersWith(leak));
    const { code, differences } = await auditOpened(opened!, kernel);
    expect(code).toBe('opened-differs');
    expect(differences.length).toBeGreaterThan(0);
  });
});

describe('a network with rounds', () => {
  it('is opened with what its rounds have encrypted', async () => {
    session = new Session({ workers: inProcessWorkers(1), advice: 'Try again.' });
    const { card } = await planModel(session, modelOf(roundsNetwork), { backend: 'simd', clientOps: true });
    expect(card.card.segments).toHaveLength(2);
    const inputs = [0.1, 0.2, 0.3].map((x) => Float32Array.of(x, 2 * x, -x, 0.5));
    const run = { card, inputs, freshKeys: true, coin: () => true };
    const { opened, outputs } = await runSealed(session, run, new Stages({}));
    expect(outputs).toEqual([]);
    expect(opened!.requests.map(({ segment }) => segment)).toContain(1);
    expect(await auditOpened(opened!, kernel)).toMatchObject({ code: 'opened-equal', differences: [] });
    const other = { ...opened!, inputs: inputs.toReversed() };
    expect((await auditOpened(other, kernel)).code).toBe('opened-differs');
  });

  it('has no coin where its keys serve other runs too', async () => {
    session = new Session({ workers: inProcessWorkers(1), advice: 'Try again.' });
    const { card } = await planModel(session, modelOf(roundsNetwork), { backend: 'simd', clientOps: true });
    const run = { card, inputs: [Float32Array.of(1, 0, 0, 1)], coin: () => true };
    expect(await runSealed(session, run, new Stages({}))).toMatchObject({ opened: undefined });
  });
});
