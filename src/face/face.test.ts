// The public face: defaults for everything but the text, words for what there is not, a client over any service.
import { afterAll, describe, expect, it } from 'vitest';
import type { Service } from '../protocol/service.ts';
import { type CardOptions, openClient } from './client.ts';
import { openService } from './engine.ts';
import { openSession, SealedError, STYLES } from './index.ts';
import { buildPayload, decodePng, encodeQr, openScanners } from './qr.ts';

const session = openSession({ evaluators: 1 });
const local = openService({ evaluators: 1 });
afterAll(() => {
  session.close();
  local.terminate();
});

describe('sealed-qr', () => {
  it('styles a text with nothing else said, and the files read back', async () => {
    const text = buildPayload({ kind: 'phone', number: '+44 20 7946 0000' });
    const { png, svg, report } = await session.styleCode(text);
    expect(report).toMatchObject({ style: 'liquid', backend: 'simd', pixelsPerModule: 8 });
    expect(svg).toMatch(/^<svg[^>]*>[\s\S]*QR code/);
    expect(svg).not.toContain(text);
    const scanners = await openScanners();
    try {
      expect(await scanners.zxing(decodePng(png))).toBe(text);
      expect(await scanners.zbar(decodePng(png))).toBe(text);
    } finally {
      scanners.dispose();
    }
  });

  it('takes colours as people write them, and says what there is where something is not', async () => {
    const options = { backend: 'clear', style: 'gradient', direction: 'vertical' } as const;
    const colours = { start: '#102030', background: [255, 255, 255] } as const;
    const { report } = await session.styleCode('a', { ...options, colours });
    const { end } = STYLES.find(({ id }) => id === 'gradient')!.defaultColours;
    expect(report.colours.asked).toEqual({ start: [16, 32, 48], end, background: [255, 255, 255] });
    expect(report.direction).toBe('vertical');
    await expect(session.styleCode('a', { style: 'cubist' })).rejects.toThrow(/gradient, liquid, dots/);
    await expect(session.styleCode('a', { ecc: 'X' as 'M' })).rejects.toThrow(/L, M, Q, H/);
    await expect(session.styleCode('a', { colours: { end: 'red' } })).rejects.toThrow(/#1a2b3c/);
    await expect(session.styleCode('a', { style: 'dots', direction: 'vertical' })).rejects.toBeInstanceOf(
      SealedError,
    );
  });
});

describe('sealed-qr/client', () => {
  it('asks a service for nothing but its contract', async () => {
    const asked = new Set<string>();
    const service = new Proxy<Service>(local.role, {
      get: (role, name: keyof Service) => {
        asked.add(name);
        return Reflect.get(role, name) as unknown;
      },
    });
    using client = openClient(service);
    expect((await client.capabilities()).protocol).toBe(1);
    expect((await client.models()).map(({ id }) => id)).toEqual(STYLES.map(({ id }) => id));
    const { start, end, background } = STYLES[0].defaultColours;
    const options: CardOptions = {
      kind: 'style',
      modules: 21,
      pixelsPerModule: 4,
      colours: { start, end, background },
      backend: 'simd',
    };
    const card = await client.card('gradient', options);
    const code = encodeQr('a', { ecc: 'L' });
    expect(code.modules).toBe(21);
    const { picture, bytes } = await client.run(card, [Float32Array.from(code.dark)]);
    expect(picture).toMatchObject({ width: 92, height: 92 });
    expect(bytes.request).toBeGreaterThan(0);
    expect([...asked].sort()).toEqual(['capabilities', 'card', 'drop', 'evaluate', 'models']);
  });

  it('styles over it, and has no float network to hold the answer against', async () => {
    using client = openClient(local.role);
    using styling = client.styling();
    const { report } = await styling.styleCode('over a service', { style: 'gradient' });
    expect(report.scan).toEqual({ zxing: true, zbar: true });
    expect(report).toMatchObject({ verified: undefined, snapped: false, keys: { reused: 0 } });
  });
});
