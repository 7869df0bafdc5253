// A text that a service has failed for is not sent to it again in this session: its picture is drawn here, and says so.
import { afterEach, describe, expect, it } from 'vitest';
import { PASSING_SCAN } from '../../../fixtures/passing-scan.ts';
import { type HostileWorkers, hostileWorkers } from '../../../scripts/attacks/hostile-service.ts';
import { loadModel } from '../../../workers/platform/node-local-service.ts';
import type { ScanRole } from '../../qr/scan-role.ts';
import { styleById } from '../../style/styles.ts';
import { type StyledCode, styleCode, type StyleRequest } from './pipeline.ts';
import { StyleSession } from './style-session.ts';
import { WithheldTexts } from './withheld-texts.ts';

let session: StyleSession | undefined;
afterEach(() => session?.close());

const style = styleById('gradient');
const asked = (text: string, parts: Partial<StyleRequest> = {}): StyleRequest => ({
  text,
  ecc: 'M',
  style,
  colours: style.defaultColours,
  pixelsPerModule: 4,
  backend: 'simd',
  ...parts,
});

/** A session over a hostile service, and how to make codes. */
function open(scan: ScanRole = PASSING_SCAN, hasCopy = true) {
  const hostile: HostileWorkers = hostileWorkers(scan);
  const opened = new StyleSession(hostile.workers, hasCopy ? loadModel : undefined);
  session = opened;
  const make = (text: string, parts?: Partial<StyleRequest>): Promise<StyledCode> =>
    styleCode(opened, asked(text, parts));
  return { hostile, make };
}

describe('after an answer was refused', () => {
  it('the picture of that text is drawn here, and the service hears nothing of it', async () => {
    const { hostile, make } = open();
    const honest = await make('another');
    expect(honest.report).toMatchObject({ drawnHere: false, backend: 'simd' });
    hostile.tamper = (frames) => frames.slice(1);
    await expect(make('a text')).rejects.toMatchObject({ code: 'malformed-frame' });
    hostile.tamper = undefined;
    hostile.crossings.length = 0;
    // However it is asked for.
    for (const parts of [{}, { ecc: 'H' }, { pixelsPerModule: 8 }, { style: styleById('dots') }] as const) {
      const { report } = await make('a text', parts);
      expect(report).toMatchObject({ drawnHere: true, backend: 'none', snapped: true });
      expect([report.verified, report.parameters]).toEqual([undefined, undefined]);
      expect(report.bytes).toEqual({ evaluationKeys: 0, request: 0, response: 0 });
    }
    expect(hostile.crossings).toEqual([]);
    // The simulation sends nothing encrypted, and other texts are as before.
    expect((await make('a text', { backend: 'clear' })).report.drawnHere).toBe(false);
    expect((await make('another')).raster.data).toEqual(honest.raster.data);
  });

  it('what is drawn here is what the service would have drawn', async () => {
    const { hostile, make } = open();
    const expected = (await make('a text')).raster.data;
    hostile.tamper = (frames) => frames.with(0, frames[1]);
    await expect(make('a text')).rejects.toMatchObject({ stage: 'decrypt' });
    expect((await make('a text')).raster.data).toEqual(expected);
  });

  it('and where there is no copy of the style, nothing is', async () => {
    const { hostile, make } = open(PASSING_SCAN, false);
    hostile.tamper = (frames) => frames.slice(1);
    await expect(make('a text')).rejects.toMatchObject({ code: 'malformed-frame' });
    hostile.crossings.length = 0;
    await expect(make('a text')).rejects.toMatchObject({ code: 'withheld' });
    expect(hostile.crossings).toEqual([]);
  });
});

describe('after a picture did not read', () => {
  it('the text is not sent again either, in no colours', async () => {
    let reads = false;
    const prove: ScanRole['prove'] = async (request) => ({
      ...(await PASSING_SCAN.prove(request)),
      proven: reads,
    });
    const { hostile, make } = open({ ...PASSING_SCAN, prove });
    await expect(make('a text')).rejects.toMatchObject({ code: 'not-scannable' });
    reads = true;
    hostile.crossings.length = 0;
    const colours = { ...style.defaultColours, start: [0, 0, 0] as const };
    expect((await make('a text', { colours })).report.drawnHere).toBe(true);
    expect(hostile.crossings).toEqual([]);
    expect((await make('another')).report.drawnHere).toBe(false);
  });
});

describe('after a stop or a failure of the service', () => {
  it('the text may be sent again: nothing of an answer was seen', async () => {
    const { hostile, make } = open();
    hostile.tamper = () => {
      throw new Error('planted');
    };
    await expect(make('a text')).rejects.toThrow('planted');
    hostile.tamper = undefined;
    expect((await make('a text')).report.drawnHere).toBe(false);
  });
});

describe('WithheldTexts', () => {
  it('keeps services and texts apart, and no text', () => {
    const withheld = new WithheldTexts();
    withheld.add('https://one.example', 'a text');
    expect(withheld.has('https://one.example', 'a text')).toBe(true);
    expect(withheld.has('https://one.example', 'A text')).toBe(false);
    expect(withheld.has('https://two.example', 'a text')).toBe(false);
    expect(JSON.stringify(withheld)).not.toContain('a text');
  });
});
