// `sealed-qr payload`: prints what the form writes, and refuses with 2 and the form's words.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sealed-qr payload` with `args` and `input` on its standard input. */
function payload(args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, 'payload', ...args],
      { env: { ...process.env, NODE_OPTIONS: '' } },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
    child.stdin!.end(input);
  });
}

const json = (fields: Record<string, unknown>): string => JSON.stringify(fields);

describe('sealed-qr payload', () => {
  it('prints what the form writes', async () => {
    const outcomes = await Promise.all([
      payload([json({ kind: 'phone', number: '+49 (0)30 123456' })]),
      payload([json({ kind: 'phone', number: '*100#' })]),
      payload(['-'], `\ufeff${json({ kind: 'url', url: '“https://a.org”' })}\n`),
    ]);
    expect(outcomes).toEqual(
      ['tel:+4930123456', 'tel:*100%23', 'https://a.org'].map((text) => ({
        code: 0,
        stdout: `${text}\n`,
        stderr: '',
      })),
    );
  });

  it('prints one object with --json', async () => {
    const [phone, letters, greek] = await Promise.all([
      payload([json({ kind: 'phone', number: '112' }), '--json']),
      payload(['-', '--ecc', 'L', '--json'], json({ kind: 'text', text: 'A'.repeat(4000) })),
      payload([json({ kind: 'text', text: 'γειά' }), '--json', '--ecc=H']),
    ]);
    expect(JSON.parse(phone.stdout)).toEqual({
      text: 'tel:112',
      version: 1,
      modes: ['byte', 'numeric'],
      modules: 21,
      ecc: 'M',
    });
    expect(JSON.parse(letters.stdout)).toEqual({
      text: 'A'.repeat(4000),
      version: 39,
      modes: ['alphanumeric'],
      modules: 173,
      ecc: 'L',
    });
    expect(JSON.parse(greek.stdout)).toMatchObject({ text: 'γειά', modes: ['eci', 'byte'], ecc: 'H' });
  });

  it('prints an event that a calendar reads as it stands, twice the same', async () => {
    const event = json({ kind: 'event', title: 'Tea, cake', start: '2026-01-31T17:45:00Z' });
    const [first, second] = await Promise.all([payload([event]), payload([event])]);
    expect(first).toEqual(second);
    expect(first.stdout.endsWith('END:VCALENDAR\r\n')).toBe(true);
    const calendar = new ICAL.Component(ICAL.parse(first.stdout) as unknown[]);
    expect(calendar.getFirstSubcomponent('vevent')!.getFirstPropertyValue('summary')).toBe('Tea, cake');
  });

  it('answers what the form refuses, or does not know, with 2 and the reason', async () => {
    const cases: readonly (readonly [args: readonly string[], reason: RegExp])[] = [
      [[], /^The payload is missing: give JSON/m],
      [['{"kind":"phone","number":"secret'], /^The payload is not JSON\./m],
      [['secret'], /^The payload is not JSON\./m],
      [['-'], /Standard input is empty\./],
      [['{}', '{}'], /^Give one payload/m],
      [['{}', '--ecc', 'X'], /^--ecc must be L, M, Q, H/m],
      [['{}', '--colour'], /--colour/],
      [['[]'], /^The payload must be an object/m],
      [['{}'], /^The payload has no "kind"/m],
      [[json({ kind: 'fax' })], /^There is no such "kind".*"phone"/m],
      [[json({ kind: 'phone' })], /^The field "number" .* is missing/m],
      [[json({ kind: 'phone', number: '112', fax: 'secret' })], /^There is no field "fax"/m],
      [[json({ kind: 'phone', number: 'secret' })], /^This is not a telephone number/m],
      [[json({ kind: 'wifi', ssid: 'x', security: 'WEP', password: 'secret' })], /^A WEP key has 5, 13/m],
      [
        [json({ kind: 'text', text: 'A'.repeat(4000) })],
        /^The text has 4000 characters.*Level L holds it\./m,
      ],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => payload(args)));
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      expect([code, stdout], String(cases[i][1])).toEqual([2, '']);
      expect(stderr).toMatch(cases[i][1]);
      expect(stderr).not.toContain('secret');
    }
  });
});
