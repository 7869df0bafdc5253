// Preparing ahead of a run: what is asked of the session, in which order, and where it stops.
import { describe, expect, it } from 'vitest';
import { styleById } from '../../style/styles.ts';
import { prepareStyle } from './prepare.ts';
import type { StyleSession } from './style-session.ts';

const style = styleById('gradient');
const preparation = { style, colours: style.defaultColours, version: 2, backend: 'simd' } as const;

/** A session that notes what it is asked, and calls `onCall` each time. */
function fakeSession(onCall: (name: string) => void = () => undefined): {
  session: StyleSession;
  calls: unknown[][];
} {
  const calls: unknown[][] = [];
  const note =
    (name: string, answer?: unknown) =>
    (...args: unknown[]): Promise<unknown> => {
      calls.push([name, ...args]);
      onCall(name);
      return Promise.resolve(answer);
    };
  const styleCard = note('styleCard', { card: { backend: 'seal' } });
  const session = { styleCard, prepareKeys: note('prepareKeys') };
  return { session: session as unknown as StyleSession, calls };
}

describe('prepareStyle', () => {
  it('has card and keys made for the size of the version, and says what runs it', async () => {
    const { session, calls } = fakeSession();
    expect(await prepareStyle(session, preparation)).toBe('seal');
    const [[, drawing, modules], [, card]] = calls;
    expect(calls.map(([name]) => name)).toEqual(['styleCard', 'prepareKeys']);
    // What the run will ask for: another drawing would be another card.
    const { version: _, ...asked } = preparation;
    expect(drawing).toEqual({ ...asked, pixelsPerModule: 8 });
    expect(modules).toBe(25);
    expect(card).toEqual({ card: { backend: 'seal' } });
  });

  it.each(['styleCard', 'prepareKeys'])(
    'passes its signal on, and asks for nothing after %s',
    async (last) => {
      const abort = new AbortController();
      const { session, calls } = fakeSession((name) => {
        if (name === last) abort.abort();
      });
      const preparing = prepareStyle(session, preparation, abort.signal);
      if (last === 'styleCard') await expect(preparing).rejects.toMatchObject({ code: 'aborted' });
      else await expect(preparing).resolves.toBe('seal');
      expect(calls.at(-1)[0]).toBe(last);
      for (const call of calls) expect(call.at(-1)).toMatchObject({ signal: abort.signal });
    },
  );
});
