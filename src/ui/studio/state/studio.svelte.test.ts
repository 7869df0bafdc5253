// The page's state: a result is stale, and not to be taken along, as soon as the form asks for another picture.
import { flushSync } from 'svelte';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadModel } from '../../../../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../../../../workers/platform/node.ts';
import { StyleSession } from '../../../app/style/style-session.ts';
import { Engine } from './engine.svelte.ts';
import { Studio } from './studio.svelte.ts';

/** A limit that only a hang reaches. */
const HANG_MS = 100_000;
const PATIENCE = { timeout: HANG_MS, interval: 20 };

let studio: Studio;
let session: StyleSession;
let end: () => void;
beforeAll(async () => {
  session = new StyleSession(nodeWorkers(1), loadModel);
  end = $effect.root(() => {
    studio = new Studio(new Engine(session));
  });
  // A picture that follows by itself would make stale what it replaces for a moment only.
  studio.live.on = false;
  studio.look.styleId = 'gradient';
  studio.content.values['url'].url = 'example.org/made';
  flushSync();
  expect(studio.make()).toBe(true);
  await vi.waitFor(() => expect(studio.run.phase).toBe('done'), PATIENCE);
});
afterAll(() => {
  end();
  session.close();
});

describe('a result', () => {
  const { start, background } = { start: [1, 2, 3], background: [255, 255, 250] } as const;
  const changes: readonly (readonly [string, () => void, () => void])[] = [
    [
      'another text',
      () => (studio.content.values['url'].url = 'example.org/other'),
      () => (studio.content.values['url'].url = 'example.org/made'),
    ],
    [
      'a text that is not right',
      () => (studio.content.values['url'].url = ''),
      () => (studio.content.values['url'].url = 'example.org/made'),
    ],
    ['another kind of content', () => (studio.content.kind = 'text'), () => (studio.content.kind = 'url')],
    ['another level', () => (studio.content.ecc = 'H'), () => (studio.content.ecc = 'M')],
    ['another style', () => (studio.look.styleId = 'dots'), () => (studio.look.styleId = 'gradient')],
    [
      'another direction',
      () => (studio.look.direction = 'vertical'),
      () => (studio.look.direction = 'horizontal'),
    ],
    [
      'another colour, put back by hand',
      () => studio.look.setColour('start', start),
      () => studio.look.setColour('start', studio.look.style.defaultColours.start),
    ],
    [
      'another background, reset',
      () => studio.look.setColour('background', background),
      () => studio.look.reset(),
    ],
    [
      'colours that cannot be read',
      () => studio.look.setColour('background', [0, 0, 0]),
      () => studio.look.reset(),
    ],
  ];

  it.each(changes)('is stale with %s, and fresh again with what it was made from', (_, change, back) => {
    const { result } = studio.run;
    expect(studio.isStale).toBe(false);
    change();
    flushSync();
    expect(studio.isStale).toBe(true);
    expect(studio.run.result).toBe(result);
    back();
    flushSync();
    expect(studio.isStale).toBe(false);
  });

  it('stays fresh when a style that is not chosen gets other colours, and when a text means the same', () => {
    studio.look.styleId = 'dots';
    studio.look.setColour('start', start);
    studio.look.styleId = 'gradient';
    studio.content.values['url'].url = 'https://example.org/made';
    flushSync();
    expect(studio.isStale).toBe(false);
  });

  it('is fresh once it is made anew', async () => {
    studio.content.ecc = 'Q';
    flushSync();
    expect(studio.isStale).toBe(true);
    studio.make();
    expect(studio.run.result).toBeUndefined();
    await vi.waitFor(() => expect(studio.run.phase).toBe('done'), PATIENCE);
    expect(studio.isStale).toBe(false);
    expect(studio.run.result?.report.payload.ecc).toBe('Q');
  });
});
