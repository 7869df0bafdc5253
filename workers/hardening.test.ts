// A realm whose intrinsics are frozen: nothing shared changes, no text becomes a function, and what libraries do still works.
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

/** What tries to change a realm, as code, and what it must come to: an error's name, or what the code gives. */
const ATTEMPTS: readonly (readonly [string, unknown])[] = [
  ["Function('return 1')()", 'EvalError'],
  ["new Function('return 1')()", 'EvalError'],
  ["(() => 0).constructor('return 1')()", 'EvalError'],
  ["(async () => 0).constructor('return 1')()", 'EvalError'],
  ["(function* () {}).constructor('yield 1')()", 'EvalError'],
  ["(async function* () {}).constructor('yield 1')()", 'EvalError'],
  ["Reflect.construct((class {}).constructor, ['return 1'])()", 'EvalError'],
  ['globalThis.Function = 1', 'TypeError'],
  ['Object.prototype.planted = 1', 'TypeError'],
  ['Object.prototype.toString = 1', 'TypeError'],
  ['({}).__proto__.planted = 1', 'TypeError'],
  ['Array.prototype.push = () => 0', 'TypeError'],
  ['Object.getPrototypeOf(Uint8Array.prototype).set = () => 0', 'TypeError'],
  ['Object.getPrototypeOf(function* () {}.prototype).next = () => 0', 'TypeError'],
  ['Promise.prototype.then = () => 0', 'TypeError'],
  ['JSON.stringify = () => 0', 'TypeError'],
  ['Object.freeze = () => 0', 'TypeError'],
  ['Symbol.dispose = 1', 'TypeError'],
  ['WebAssembly.instantiate = () => 0', 'TypeError'],
  ['crypto.getRandomValues = (view) => view', 'TypeError'],
  ['Object.getPrototypeOf(crypto).getRandomValues = (view) => view', 'TypeError'],
  ['globalThis.crypto = { getRandomValues: (view) => view }', 'TypeError'],
  ["Object.defineProperty(globalThis, 'crypto', { value: {} })", 'TypeError'],
  // What works as before.
  ['(() => 0) instanceof Function', true],
  ["Object.assign(new Error('a'), { message: 'b', name: 'c' }).message", 'b'],
  [
    'class R { constructor(of) { this.constructor = of; this.toString = () => "own"; } } `${new R(Map)}`',
    'own',
  ],
  ['class E extends Error { constructor() { super(); this.name = "E"; } } String(new E())', 'E'],
  [
    'function P() {} P.prototype = Object.create(Error.prototype); P.prototype.constructor = P; new P().constructor === P',
    true,
  ],
  ['const a = []; a.push(3, 4); [...a.map((x) => x + 1), a.constructor === Array].join()', '4,5,true'],
  ['const o = {}; o.valueOf = () => 5; o + 1', 6],
  ["Object.keys({ a: 1, ...{ b: 2 } }).join() + ({}).hasOwnProperty('x')", 'a,bfalse'],
  ['crypto.getRandomValues(new Uint8Array(4)).length', 4],
  ['(async () => (await Promise.all([1, Promise.resolve(2)])).length)()', 2],
];

/** What each of `codes` comes to, one after the other in a thread of their own, after `before`. */
function outcomes(codes: readonly string[], before: string): Promise<unknown[]> {
  const attempts = JSON.stringify(codes);
  // Compiled ahead, since afterwards text is no code; strict, as all modules are.
  const code = `
    import { parentPort } from 'node:worker_threads';
    import { Script } from 'node:vm';
    import { freezeIntrinsics } from ${JSON.stringify(new URL('./hardening.ts', import.meta.url).href)};
    const attempts = ${attempts}.map((text) => new Script('"use strict"; {' + text + '}'));
    ${before}
    const outcomes = [];
    for (const attempt of attempts) {
      try {
        outcomes.push(await attempt.runInThisContext());
      } catch (error) {
        outcomes.push(error.name);
      }
    }
    parentPort.postMessage(outcomes.map((outcome) => Object(outcome) === outcome ? 'changed' : outcome));
  `;
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    worker.on('message', resolve);
    worker.on('error', reject);
  });
}

describe('freezeIntrinsics', () => {
  it('keeps what all code shares as it is, and lets libraries do what they do', async () => {
    const codes = ATTEMPTS.map(([code]) => code);
    const found = await outcomes(codes, 'freezeIntrinsics();');
    expect(found.map((outcome, at) => [codes[at], outcome])).toEqual(ATTEMPTS);
  });

  it('is what does it: without it such attempts succeed', async () => {
    const codes = [
      "Function('return 1')()",
      "(() => 0).constructor('return 1')()",
      'Object.prototype.planted = 1; ({}).planted',
      'crypto.getRandomValues = () => 1; crypto.getRandomValues()',
    ];
    expect(await outcomes(codes, '')).toEqual([1, 1, 1, 1]);
  });
});
