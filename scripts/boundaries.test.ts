// The secret key's names appear in src/client alone, and in the BFV tester, which no role of the protocol can reach.

import { describe, expect, it } from 'vitest';
import { sourceFiles, type SourceFile } from './source-files.ts';

/** Names of what holds or needs the secret key: SEAL's, as node-seal exports them and its methods are called, and ours. */
const secretNames =
  /\b(KeyGenerator|SecretKey|secretKey|Decryptor|encryptSymmetric\w*|encryptZeroSymmetric\w*|(System|Master)Seed|ClientKernel)\b/;

/** `path:line name` for each use of a secret name outside src/client and src/bfv; comments may speak of them. */
function trespasses(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !/^src\/(client|bfv)\//.test(file.path))
    .flatMap((file) =>
      withoutComments(file.text)
        .split('\n')
        .flatMap((line, index) => {
          const found = secretNames.exec(line);
          return found === null ? [] : [`${file.path}:${index + 1} ${found[1]}`];
        }),
    );
}

/** The text with comments blanked and its lines kept. A `//` inside a string literal, as in a URL, is left alone. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, '$1');
}

describe('names of the secret key', () => {
  const product = sourceFiles(['src', 'workers', 'cli', 'endpoint']);

  it('appear in src/client and the BFV tester only', () => {
    expect(product.length).toBeGreaterThan(0);
    expect(trespasses(product)).toEqual([]);
  });

  it('are found in src/client, so that the search is known to see them', () => {
    const moved = product
      .filter((file) => file.path.startsWith('src/client/'))
      .map((file) => ({ ...file, path: file.path.replace('src/client/', 'src/server/') }));
    expect(trespasses(moved).join('\n')).toMatch(/KeyGenerator[\s\S]*/);
    expect(trespasses(moved).join('\n')).toMatch(/Decryptor/);
  });

  it('are found when planted anywhere else, and not in comments', () => {
    const planted = (text: string): string[] => trespasses([{ path: 'src/server/planted.ts', text }]);
    expect(planted('const keys = new seal.KeyGenerator(context);')).toEqual([
      'src/server/planted.ts:1 KeyGenerator',
    ]);
    expect(planted('a();\nencryptor.encryptSymmetricSerializable(p)')).toEqual([
      'src/server/planted.ts:2 encryptSymmetricSerializable',
    ]);
    expect(planted("fetch('http://x'); new Decryptor(c, k)")).toHaveLength(1);
    expect(planted('// never a SecretKey here\n/* nor a\n Decryptor */ const evaluator = 1;')).toEqual([]);
  });
});
