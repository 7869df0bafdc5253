// Tests of times: one reading in every engine, and no 30 February.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstant } from './instant.ts';

describe('parseInstant', () => {
  it.each([
    ['2026-01-31T17:45:00Z', '2026-01-31T17:45:00.000Z'],
    ['2026-01-31T17:45:30.250Z', '2026-01-31T17:45:30.000Z'],
    ['2026-01-31t17:45z', '2026-01-31T17:45:00.000Z'],
    ['2026-01-31 17:45Z', '2026-01-31T17:45:00.000Z'],
    ['2026-01-31T17:45:00+01:00', '2026-01-31T16:45:00.000Z'],
    ['2026-01-31T17:45:00-0330', '2026-01-31T21:15:00.000Z'],
    ['2024-02-29T00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0042-01-01T00:00Z', '0042-01-01T00:00:00.000Z'],
    ['12026-01-31T17:45Z', '+012026-01-31T17:45:00.000Z'],
    ['+012026-01-31T17:45Z', '+012026-01-31T17:45:00.000Z'],
  ])('reads %s', (text, iso) => {
    expect(parseInstant(text).toISOString()).toBe(iso);
  });

  it('takes a time without a zone as local', () => {
    expect(parseInstant('2026-01-31T17:45')).toEqual(new Date(2026, 0, 31, 17, 45));
    expect(parseInstant('2026-07-31T17:45:09')).toEqual(new Date(2026, 6, 31, 17, 45, 9));
  });

  it.each([
    '',
    'tomorrow',
    '2026-01-31',
    '2026-02-30T10:00',
    '2025-02-29T10:00Z',
    '2026-13-01T10:00Z',
    '2026-00-01T10:00Z',
    '2026-01-00T10:00Z',
    '2026-01-31T24:00Z',
    '2026-01-31T17:60Z',
    '2026-01-31T17:45:60Z',
    '2026-01-31T17:45+1',
    '31.01.2026 17:45',
    '2026-1-31T17:45',
    '1767225600000',
    '999999-01-01T00:00Z',
  ])('takes %j for no time', (text) => {
    expect(parseInstant(text).getTime()).toBeNaN();
  });

  it('gives every instant of a calendar back', () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, max: new Date('9999-12-31T23:59:59Z'), min: new Date(0) }),
        (date) => {
          const iso = date.toISOString();
          expect(parseInstant(iso).toISOString()).toBe(iso.replace(/\.\d+/, '.000'));
        },
      ),
    );
  });
});
