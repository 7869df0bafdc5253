// Preparing ahead of a run: what is asked of the session, in which order, and where it stops.
import { describe, expect, it } from 'vitest';
import { styleById } from '../../style/styles.ts';
import { prepareStyle } from './prepare.ts';
import type { Session } from '../session/session.ts';

const style = styleById('gradient');
const preparation = { style, colours: style.defaultColours, version: 2, backend: 'simd' } as const;

/** A session that notes what it is asked, and calls `onCall` each time. */
function fakeSession(onCall: (name: string) => void = () => undefined): {
  session: Session;
  calls: unknown[];
} {
  const calls: unknown[] = [];
  const note =
    (name: string, answer?: unknown) =>
    (...args: unknown[]): Promise<unknown> => {
      calls.push([name, ...args.filter((arg) => typeof arg === 'number' || typeof arg === 'string')]);
      onCall(name);
      return Promise.resolve(answer);
    };
  const session = {
    plans: { plan: note('plan', { card: {} }) },
    givePlan: note('givePlan', 'seal'),
    prepareKeys: note('prepareKeys'),
    giveKeys: note('giveKeys'),
  };
  return { session: session as unknown as Session, calls };
}

describe('prepareStyle', () => {
  it('makes plan and keys for the size of the version, and says what runs it', async () => {
    const { session, calls } = fakeSession();
    expect(await prepareStyle(session, preparation)).toBe('seal');
    expect(calls).toEqual([['plan', 25, 8, 'simd'], ['givePlan', 'simd'], ['prepareKeys'], ['giveKeys']]);
  });

  it.each(['plan', 'givePlan', 'prepareKeys'])(
    'asks for nothing more once stopped during %s',
    async (last) => {
      const abort = new AbortController();
      const { session, calls } = fakeSession((name) => {
        if (name === last) abort.abort();
      });
      await expect(prepareStyle(session, preparation, abort.signal)).rejects.toMatchObject({
        code: 'aborted',
      });
      expect(calls.at(-1)).toContain(last);
    },
  );
});
