// What the cost tables of src/plan/cost-tables.ts are set from: `node bench/operation-costs.ts`, N = 8192, by level.
//
// The least of many short runs, which says more than their median on a machine that does other things as well.
import { readFileSync } from 'node:fs';
import { loadSeal } from '../src/seal/load.ts';
import * as kernelApi from '../src/kernel/kernel.ts';
import { BothSides, PARAMETERS } from './both-sides.ts';

const SCALE = 2 ** 28;
const SMALL_SCALE = 2 ** 10;
const ROUNDS = 60;
const TERMS = 16;

/** Least milliseconds of one call, of rounds that last about a millisecond. */
function least(run: () => void): number {
  for (let i = 0; i < 20; i += 1) run();
  const start = performance.now();
  for (let i = 0; i < 5; i += 1) run();
  const calls = Math.max(1, Math.ceil(5 / (performance.now() - start)));
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begin = performance.now();
    for (let i = 0; i < calls; i += 1) run();
    best = Math.min(best, (performance.now() - begin) / calls);
  }
  return best;
}

const code = await WebAssembly.compile(readFileSync(new URL('../wasm/build/kernel.wasm', import.meta.url)));
using sides = await BothSides.create(await loadSeal(), code, [1]);
const { seal, evaluator, kernel, encoder, keys, galoisKeys, relinKeys, relinKey } = sides;
const rotationKey = sides.rotationKeys.get(1)!;

/** Costs of the kernel's operations on ciphertexts of `primes` primes, in milliseconds. */
function kernelCosts(primes: number): Record<string, number> {
  const { words } = keys.encrypt(sides.slots(), SCALE, primes - 1);
  using a = kernelApi.loadCiphertext(kernel, words, { size: 2, primes });
  using squared = kernelApi.square(a);
  using hoisted = kernelApi.hoist(a);
  using babies = new kernelApi.BabySteps(kernel, TERMS, primes);
  for (let i = 0; i < TERMS; i += 1) kernelApi.fillBabyStep(babies, i, hoisted, i === 0 ? null : rotationKey);
  using sum = new kernelApi.DiagonalSum(kernel, [...Array(TERMS).keys()], primes);
  for (let i = 0; i < TERMS; i += 1) kernelApi.fillDiagonal(sum, i, encoder, sides.slots(), SCALE);
  using total = kernelApi.extendedZero(kernel, primes);
  const [inner] = kernelApi.innerSums(babies, [sum]);
  const outs = 64;
  const slots = sides.slots();
  const values = Float64Array.from({ length: outs * 8 }, (_, i) => 1000 + i);
  const matrix = kernelApi.scalarMatrix(kernel, values, outs, 8, primes);
  const terms = Array.from({ length: TERMS }, () => ({
    ciphertext: kernelApi.copy(a),
    plaintext: encoder.encode(sides.slots(), SCALE, primes, 'factor'),
  }));
  const drop = (result: Disposable): void => result[Symbol.dispose]();
  const costs = {
    rotate: least(() => drop(kernelApi.rotate(a, rotationKey))),
    hoist: least(() => drop(kernelApi.hoist(a))),
    'baby step': least(() => kernelApi.fillBabyStep(babies, 1, hoisted, rotationKey)),
    'giant step': least(() => kernelApi.addGiantStep(total, inner, rotationKey)),
    divide: least(() => drop(kernelApi.divideExtended(total))),
    relinearize: least(() => drop(kernelApi.relinearize(squared, relinKey))),
    'diagonal in a hoisted sum': least(() => kernelApi.innerSums(babies, [sum]).forEach(drop)) / TERMS,
    'plain product in a sum': least(() => drop(kernelApi.multiplyAccumulate(terms))) / TERMS,
    'scalar product in a matrix':
      least(() =>
        kernelApi
          .mix(
            matrix,
            Array.from({ length: 8 }, () => a),
          )
          .forEach(drop),
      ) /
      (8 * outs),
    rescale: primes > 1 ? least(() => drop(kernelApi.rescale(a))) : 0,
    square: least(() => drop(kernelApi.square(a))),
    'encode a factor': least(() => drop(encoder.encode(slots, SCALE, primes, 'factor'))),
    load: least(() => drop(kernelApi.loadCiphertext(kernel, words, { size: 2, primes }))),
    save: least(() => void kernelApi.storeCiphertext(a)),
  };
  inner[Symbol.dispose]();
  for (const { ciphertext, plaintext } of terms) {
    ciphertext[Symbol.dispose]();
    plaintext[Symbol.dispose]();
  }
  return costs;
}

/** The same of node-seal's, where it has them. */
function sealCosts(primes: number): Record<string, number> {
  const slots = sides.slots();
  // A small scale, whose square fits one prime.
  using a = keys.context.load(keys.encrypt(slots, SMALL_SCALE, primes - 1));
  using out = new seal.Ciphertext();
  using squared = new seal.Ciphertext();
  using plaintext = new seal.Plaintext();
  evaluator.square(a, squared);
  const encode = least(() => keys.context.encoder.encode(slots, SMALL_SCALE, plaintext));
  if (primes <= PARAMETERS.maxLevel) {
    keys.context.withParmsId(primes - 1, (id) => evaluator.plainModSwitchToInplace(plaintext, id));
  }
  return {
    rotate: least(() => evaluator.rotateVector(a, 1, galoisKeys, out)),
    relinearize: least(() => evaluator.relinearize(squared, relinKeys, out)),
    'plain product': least(() => evaluator.multiplyPlain(a, plaintext, out)),
    'encode at the top level': encode,
    add: least(() => evaluator.add(a, a, out)),
    rescale: primes > 1 ? least(() => evaluator.rescaleToNext(a, out)) : 0,
    square: least(() => evaluator.square(a, out)),
  };
}

for (const [name, costs] of [
  ['kernel', kernelCosts],
  ['node-seal', sealCosts],
] as const) {
  const columns = [1, 2, 3, 4, 5].map((primes) => costs(primes));
  console.log(`\n${name}, microseconds by number of primes`);
  for (const operation of Object.keys(columns[0])) {
    const figures = columns.map((column) => (column[operation] * 1000).toFixed(1).padStart(10));
    console.log(`${operation.padEnd(28)}${figures.join('')}`);
  }
}
