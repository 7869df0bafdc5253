// The press of Stop: it is the work's, and never the form's.
import { describe, expect, it } from 'vitest';
import { stopPress } from './stop-press.ts';

describe('a press', () => {
  it('stops what is under way and does not send the form, though the work ends with it', () => {
    const order: string[] = [];
    const work = {
      isBusy: true,
      stop: () => {
        order.push('stop');
        work.isBusy = false;
      },
    };
    const event = new Event('click', { cancelable: true });
    const press = { preventDefault: () => void (event.preventDefault(), order.push('prevent')) };
    expect(stopPress(press, work)).toBe(true);
    expect(event.defaultPrevented).toBe(true);
    // The other way round the browser would send the form of a button that is a start again.
    expect(order).toEqual(['prevent', 'stop']);
  });

  it('sends the form where nothing is under way', () => {
    const event = new Event('click', { cancelable: true });
    const stop = (): never => expect.unreachable('there is nothing to stop');
    expect(stopPress(event, { isBusy: false, stop })).toBe(false);
    expect(event.defaultPrevented).toBe(false);
  });
});
