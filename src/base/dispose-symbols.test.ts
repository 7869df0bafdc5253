// The disposal symbols in a realm that lacks them, as WebKit's does, and in one that has them.
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { removeDisposeSymbols } from '../../fixtures/without-dispose.ts';

const script = stripTypeScriptTypes(readFileSync(new URL('./dispose-symbols.ts', import.meta.url), 'utf8'));

/** Gives objects a disposer as embind does in node-seal (`if(symbolDispose){proto[symbolDispose]=proto["delete"]}`). */
const embind = `
  class Handle { delete() { globalThis.deleted = true; } }
  const symbolDispose = Symbol.dispose;
  if (symbolDispose) Handle.prototype[symbolDispose] = Handle.prototype.delete;
`;

/** Disposes as the build's lowered \`using\` does. */
const using = `
  const method = new Handle()[Symbol.dispose || Symbol.for('Symbol.dispose')];
  if (typeof method !== 'function') throw new TypeError('Object is not disposable');
  method();
`;

function run(realm: object, ...scripts: string[]): unknown {
  return runInContext(scripts.join('\n'), realm);
}

describe('dispose-symbols', () => {
  it('makes objects disposable in a realm without Symbol.dispose, where they are not', () => {
    const bare = createContext();
    run(bare, `(${removeDisposeSymbols.toString()})()`);
    expect(run(bare, '[typeof Symbol.dispose, typeof Symbol.asyncDispose]')).toEqual([
      'undefined',
      'undefined',
    ]);
    expect(() => run(bare, `{${embind}${using}}`)).toThrow('Object is not disposable');
    run(bare, script, `{${embind}${using}}`);
    expect(run(bare, 'deleted')).toBe(true);
    expect(run(bare, 'Symbol.asyncDispose === Symbol.for("Symbol.asyncDispose")')).toBe(true);
  });

  it('leaves those that are there alone', () => {
    const realm = createContext();
    const before = run(realm, '[Symbol.dispose, Symbol.asyncDispose]') as symbol[];
    run(realm, script);
    const after = run(realm, '[Symbol.dispose, Symbol.asyncDispose]') as symbol[];
    expect(after).toEqual(before);
    expect(Symbol.keyFor(after[0])).toBeUndefined();
  });
});
