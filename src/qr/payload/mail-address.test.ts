// Tests of mail addresses: what people paste is recognised, what is no dot-atom (RFC 5322, 3.2.3) refused.
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../fixtures/refusal.ts';
import { buildPayload } from '../payload.ts';

const mail = (to: string): string => buildPayload({ kind: 'mail', to });

describe('a mail address', () => {
  it.each([
    ['a@x.org', 'a@x.org'],
    ['mailto:a@x.org', 'a@x.org'],
    ['MAILTO:a%2Bb@x.org', 'a%2Bb@x.org'],
    ['<a@x.org>', 'a@x.org'],
    ['<mailto:a@x.org>', 'a@x.org'],
    ['Ada King <a@x.org>', 'a@x.org'],
    ['"King, Ada" <a@x.org>;', 'a@x.org'],
    ['“a@x.org”', 'a@x.org'],
    ["'a@x.org'", 'a@x.org'],
    ['\u200ba@x.org\u00a0', 'a@x.org'],
    ['a@x.org;', 'a@x.org'],
    ["o'brien.x+y=z@x.org", "o'brien.x%2By%3Dz@x.org"],
    ['a?b&c#d@x.org', 'a%3Fb%26c%23d@x.org'],
    ['käthe@münchen.de', 'k%C3%A4the@m%C3%BCnchen.de'],
    ['a@localhost', 'a@localhost'],
  ])('is recognised in %s', (typed, address) => {
    expect(mail(typed)).toBe(`mailto:${address}`);
  });

  it.each([
    '',
    'nobody',
    'a@x.org;b',
    'a@x.org,b@y.org',
    'a@x.org b@y.org',
    'a@b@x.org',
    '@x.org',
    'a@',
    '.a@x.org',
    'a.@x.org',
    'a..b@x.org',
    'a@.x.org',
    'a@x..org',
    'a@x.org.',
    'a@-x.org',
    'a@x-.org',
    'a@x_y!.org',
    'a(b)@x.org',
    'a:b@x.org',
    '"a b"@x.org',
    'a\\b@x.org',
    'a[b]@x.org',
    'mailto:a@x.org?subject=Hi',
    'mailto:%ff@x.org',
    'https://x.org/@a',
    `${'a'.repeat(65)}@x.org`,
    `a@${'x'.repeat(64)}.org`,
    `a@${'x.'.repeat(127)}org`,
  ])('is refused: %s', (typed) => {
    expect(refusal(() => mail(typed))).toMatch(/not a mail address/);
  });

  it('of a contact is read the same way', () => {
    const contact = (email: string) => () => buildPayload({ kind: 'contact', lastName: 'King', email });
    expect(contact('mailto:a@x.org')().split('\r\n')).toContain('EMAIL:a@x.org');
    expect(contact('Ada <a@x.org>')().split('\r\n')).toContain('EMAIL:a@x.org');
    expect(refusal(contact('a@x.org;b'))).toMatch(/not a mail address/);
  });

  it('has a subject of one line', () => {
    const text = buildPayload({ kind: 'mail', to: 'a@x.org', subject: 'one\r\ntwo', body: 'one\rtwo' });
    expect(text).toBe('mailto:a@x.org?subject=one%20two&body=one%0D%0Atwo');
  });
});
