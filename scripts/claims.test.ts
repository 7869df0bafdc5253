// Claims about security that have turned out to be false must not come back into what people read.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './gates.ts';
import { sourceFiles, type SourceFile } from './source-files.ts';

/** A false claim: a sentence that matches all of `says` and has no word of denial. */
interface FalseClaim {
  readonly why: string;
  readonly says: readonly RegExp[];
  readonly example: string;
  /** A true sentence about the same matter. */
  readonly truth: string;
}

const DENIAL = /\b(no|not|none|neither|nor|nothing|never|cannot)\b/i;

const CLAIMS: readonly FalseClaim[] = [
  {
    why: 'scanning and correction accept a picture that the server role tampered with, as long as it scans',
    says: [
      /\b(scan\w*|decoders?|proof|proven|proves?|correct\w*)\b/i,
      /\b(caught|catch\w*|detect\w*|notic\w*|expos\w*|uncover\w*|guard\w*|protect\w*)\b/i,
      /\b(server|wrong|tamper\w*|manipulat\w*|cheat\w*|malicious|dishonest\w*|forged|altered|attack\w*)\b/i,
    ],
    example:
      'The server role is trusted to run the style it says. A wrong picture is caught by the scan check.',
    truth: 'A tampered answer is not detected: the scan check accepts it.',
  },
  {
    why: 'outputs of networks leave the client worker as raw values, and a picture comes with the size of its error',
    says: [
      /\b(only|nothing but)\b.*\b(leaves?(?! to\b)|leaving)\b/i,
      /\b(client|worker|browser|page|decrypt\w*)\b/i,
    ],
    example: 'Only the corrected picture, rounded to 8 bits, leaves the client worker.',
    truth: 'A picture leaves the client worker rounded to 8 bits.',
  },
  {
    why: 'the server role is also sent evaluation keys, the plan, the style and its colours',
    says: [/\bserver\b/i, /\b(sees?|learns?|gets?|is (sent|given))\b.*\bonly\b.*\bciphertexts?\b/i],
    example: 'Styles a QR code on a server role that sees only ciphertexts.',
    truth: 'The server role is sent the code encrypted.',
  },
];

/** Matters on which the denial itself is the false claim. */
const ABSOLUTES: readonly { readonly why: string; readonly says: RegExp; readonly example: string }[] = [
  {
    why: 'whoever can call the client worker, or reads a tampered picture, may get at the key',
    says: /\bkeys?\b[^.]*\b(no way out|cannot (leave|leak|be (read|stolen|recovered)))/i,
    example: 'The secret key is made in a worker of your browser and has no way out of it.',
  },
  {
    why: 'the outputs of networks are raw values, and their owner gets them',
    says: /\braw (decrypted )?values never leave\b/i,
    example: 'Raw decrypted values never leave that worker.',
  },
];

/** What people read: documents, pages, comments and texts of the product. */
function readable(): SourceFile[] {
  const documents = ['.', 'docs', 'docs/decisions', 'docs/tutorial', 'training']
    .filter((folder) => existsSync(resolve(root, folder)))
    .flatMap((folder) => readdirSync(resolve(root, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => /\.(md|html)$/.test(path) && !path.endsWith('THIRD-PARTY.md'));
  return [
    ...documents.map((path) => ({ path, text: readFileSync(resolve(root, path), 'utf8') })),
    ...sourceFiles(['src', 'cli', 'workers', 'bench']),
  ];
}

/** Sentences of prose: line breaks and comment marks taken out, cut at full stops, colons and ends of blocks. */
function sentencesOf(text: string): string[] {
  return text
    .replace(/\n[ \t]*(\*|\/\/)(?!\/)/g, '\n')
    .replace(/\n\s*\n|\n\s*[-|#]\s|<\/?(p|h\d|li)\b[^>]*>|\/\*\*?|\*\/|(?<=[.:;!?])\s/g, '\u0000')
    .replace(/\s+/g, ' ')
    .split('\u0000')
    .map((sentence) => sentence.trim());
}

/** `path: sentence` of each false claim. */
function falseClaims({ path, text }: SourceFile): string[] {
  return sentencesOf(text)
    .filter(
      (sentence) =>
        CLAIMS.some(({ says }) => !DENIAL.test(sentence) && says.every((part) => part.test(sentence))) ||
        ABSOLUTES.some(({ says }) => says.test(sentence)),
    )
    .map((sentence) => `${path}: ${sentence.slice(0, 200)}`);
}

describe('what is claimed', () => {
  it('is none of what has turned out to be false', () => {
    const files = readable();
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['./README.md', 'docs/architecture.md', 'src/ui/studio/Assurance.svelte']),
    );
    expect(files.flatMap(falseClaims)).toEqual([]);
  });

  it.each([...CLAIMS, ...ABSOLUTES])('would be found where it is false: $example', ({ example }) => {
    expect(falseClaims({ path: 'planted.md', text: example }).length).toBe(1);
    const wrapped = example.replaceAll(' ', '\n   * ');
    expect(falseClaims({ path: 'planted.ts', text: `/** Good.\n * ${wrapped}\n */` }).length).toBe(1);
  });

  it.each(CLAIMS)('may say what is true: $truth', ({ truth }) => {
    expect(falseClaims({ path: 'planted.md', text: truth })).toEqual([]);
  });
});
