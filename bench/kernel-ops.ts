// Times node-seal and the kernel in turn in one process: `node bench/kernel-ops.ts [--json]`, after `npm run build:wasm`.
//
// N = 8192, five data primes of 30, 28, 28, 28, 28 bits. Medians of pairs after warm-up; times in milliseconds.
import { BabySteps, type Ciphertext, DiagonalSum, Encoder } from '../wasm/kernel.ts';
import * as kernelApi from '../wasm/kernel.ts';
import { type SealCiphertext, type SealOracle, sealOracle, seeded } from '../wasm/seal-oracle.ts';

const DEGREE = 8192;
const BITS = [30, 28, 28, 28, 28, 30];
const PRIMES = BITS.length - 1;
const PAIRS = 11;
const DIAGONALS = 256;
/** Baby steps of the 256-diagonal transform that are tried on the kernel's side; SEAL's best is the square root. */
const SPLITS = [16, 32, 64];

interface Case {
  readonly name: string;
  readonly polyModulusDegree: number;
  readonly primes: number;
  readonly sealMs: number;
  readonly simdMs: number;
  readonly ratio: number;
}

/** The median; with --fastest the least, which says more on a busy machine. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[process.argv.includes('--fastest') ? 0 : Math.floor(sorted.length / 2)];
}

/** Milliseconds per call over enough calls to last a few milliseconds. */
function timer(run: () => void): () => number {
  const start = performance.now();
  for (let i = 0; i < 3; i += 1) run();
  const calls = Math.max(1, Math.ceil(3 / ((performance.now() - start) / 3)));
  return () => {
    const begin = performance.now();
    for (let i = 0; i < calls; i += 1) run();
    return (performance.now() - begin) / calls;
  };
}

/** One case: warm-up, then both sides in turn. `share` divides a run into the units that are reported. */
function measure(name: string, seal: () => void, simd: () => void, share = 1): Case {
  // Two rounds before anything counts, so that both engines have optimised their code.
  const sealTimer = timer(seal);
  const simdTimer = timer(simd);
  sealTimer();
  simdTimer();
  const sealTimes: number[] = [];
  const simdTimes: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    sealTimes.push(sealTimer() / share);
    simdTimes.push(simdTimer() / share);
  }
  const sealMs = median(sealTimes);
  const simdMs = median(simdTimes);
  const result = { name, polyModulusDegree: DEGREE, primes: PRIMES, sealMs, simdMs, ratio: sealMs / simdMs };
  if (!process.argv.includes('--json')) {
    console.log(
      `${name.padEnd(36)} ${sealMs.toFixed(3).padStart(10)} ${simdMs.toFixed(4).padStart(10)} ${result.ratio.toFixed(1).padStart(7)}×`,
    );
  }
  return result;
}

/** Disposes what an operation returns. */
function drop(operation: () => Ciphertext): () => void {
  return () => operation()[Symbol.dispose]();
}

function elementary(oracle: SealOracle, input: SealCiphertext): Case[] {
  const { evaluator, seal, kernel } = oracle;
  const random = seeded(1);
  const values = Float64Array.from({ length: DEGREE / 2 }, () => random() - 0.5);
  const out = new seal.Ciphertext();
  const product = new seal.Ciphertext();
  const plaintext = oracle.encode(values, 2 ** 28);
  const a = oracle.load(input);
  const squared = new seal.Ciphertext();
  evaluator.square(input, squared);
  const kernelSquared = kernelApi.square(a);
  const encoder = new Encoder(kernel);
  const factor = encoder.encode(values, 2 ** 28, PRIMES, 'factor');
  const relinKey = oracle.relinKey();
  const key = oracle.switchKeys([1]).get(1)!;
  const turning = input.copy();
  const row = kernel.allocate(kernel.rowBytes);
  kernel.words(row, DEGREE).fill(1);
  const terms = 16;
  const sealTerms = Array.from({ length: terms }, () => input.copy());
  const kernelTerms = Array.from({ length: terms }, () => ({
    ciphertext: kernelApi.copy(a),
    plaintext: factor,
  }));
  const sealPlain = oracle.encode(values, 2 ** 28);

  // SEAL only transforms whole ciphertexts, there and back; the kernel does as many single rows.
  const cases = [
    measure(
      'NTT there and back, one polynomial',
      () => {
        evaluator.cipherTransformFromNttInplace(turning);
        evaluator.cipherTransformToNttInplace(turning);
      },
      () => {
        for (let k = 0; k < 2; k += 1) {
          for (let prime = 0; prime < PRIMES; prime += 1) {
            kernel.raw.inverse(row, row, prime);
            kernel.raw.forward(row, row, prime);
          }
        }
      },
      2 * PRIMES,
    ),
    measure(
      'add',
      () => evaluator.add(input, input, out),
      drop(() => kernelApi.add(a, a)),
    ),
    measure(
      'multiply plain',
      () => evaluator.multiplyPlain(input, plaintext, out),
      drop(() => kernelApi.multiplyPlain(a, factor)),
    ),
    measure(
      'multiply-accumulate, one term of 16',
      () => {
        for (const [i, term] of sealTerms.entries()) {
          evaluator.multiplyPlain(term, sealPlain, i === 0 ? out : product);
          if (i > 0) evaluator.addInplace(out, product);
        }
      },
      drop(() => kernelApi.multiplyAccumulate(kernelTerms)),
      terms,
    ),
    measure(
      'square',
      () => evaluator.square(input, out),
      drop(() => kernelApi.square(a)),
    ),
    measure(
      'relinearize',
      () => evaluator.relinearize(squared, oracle.relinKeys, out),
      drop(() => kernelApi.relinearize(kernelSquared, relinKey)),
    ),
    measure(
      'rescale',
      () => evaluator.rescaleToNext(input, out),
      drop(() => kernelApi.rescale(a)),
    ),
    measure(
      'rotate',
      () => evaluator.rotateVector(input, 1, oracle.galoisKeys, out),
      drop(() => kernelApi.rotate(a, key)),
    ),
    measure(
      'encode',
      () => oracle.encoder.encode(values, 2 ** 28, plaintext),
      () => encoder.encode(values, 2 ** 28, PRIMES, 'factor')[Symbol.dispose](),
    ),
  ];
  return cases;
}

/** 256 diagonals by baby steps and giant steps: SEAL with 16 x 16, the kernel with each of {@link SPLITS}. */
function transform(oracle: SealOracle, input: SealCiphertext): Case[] {
  const { evaluator, seal, kernel } = oracle;
  const random = seeded(2);
  const diagonals = Array.from({ length: DIAGONALS }, () =>
    Float64Array.from({ length: DEGREE / 2 }, () => random() - 0.5),
  );
  const scale = 2 ** 28;
  const plaintexts = diagonals.map((values) => oracle.encode(values, scale));
  const sealSplit = 16;
  const runSeal = (): void => {
    const babies = [input.copy()];
    for (let i = 1; i < sealSplit; i += 1) {
      const rotated = new seal.Ciphertext();
      evaluator.rotateVector(input, i, oracle.galoisKeys, rotated);
      babies.push(rotated);
    }
    using total = new seal.Ciphertext();
    using product = new seal.Ciphertext();
    for (let j = 0; j < DIAGONALS / sealSplit; j += 1) {
      using sum = new seal.Ciphertext();
      for (const [i, baby] of babies.entries()) {
        evaluator.multiplyPlain(baby, plaintexts[j * sealSplit + i], i === 0 ? sum : product);
        if (i > 0) evaluator.addInplace(sum, product);
      }
      if (j === 0) total.assign(sum);
      else {
        evaluator.rotateVectorInplace(sum, j * sealSplit, oracle.galoisKeys);
        evaluator.addInplace(total, sum);
      }
    }
    for (const baby of babies) baby.delete();
  };
  using a = oracle.load(input);
  using encoder = new Encoder(kernel);
  const steps = new Set(
    SPLITS.flatMap((n) => [...Array(n).keys(), ...Array.from({ length: DIAGONALS / n }, (_, j) => j * n)]),
  );
  steps.delete(0);
  const keys = oracle.switchKeys([...steps]);
  const cases: Case[] = [];
  for (const split of SPLITS) {
    const sums = Array.from({ length: DIAGONALS / split }, (_, j) => {
      const sum = new DiagonalSum(kernel, [...Array(split).keys()], PRIMES);
      for (let i = 0; i < split; i += 1)
        kernelApi.fillDiagonal(sum, i, encoder, diagonals[j * split + i], scale);
      return sum;
    });
    const runSimd = (): void => {
      using hoisted = kernelApi.hoist(a);
      using babies = new BabySteps(kernel, split, PRIMES);
      for (let i = 0; i < split; i += 1) kernelApi.fillBabyStep(babies, i, hoisted, keys.get(i) ?? null);
      using total = kernelApi.extendedZero(kernel, PRIMES);
      const inner = kernelApi.innerSums(babies, sums);
      for (const [j, sum] of inner.entries()) {
        kernelApi.addGiantStep(total, sum, keys.get(j * split) ?? null);
        sum[Symbol.dispose]();
      }
      using _result = kernelApi.divideExtended(total);
    };
    cases.push(measure(`256 diagonals, 16×16 against ${split}×${DIAGONALS / split}`, runSeal, runSimd));
    for (const sum of sums) sum[Symbol.dispose]();
  }
  for (const key of keys.values()) key[Symbol.dispose]();
  return cases;
}

const steps = new Set([1]);
for (const n of SPLITS) {
  for (let i = 1; i < n; i += 1) steps.add(i);
  for (let j = 1; j < DIAGONALS / n; j += 1) steps.add(j * n);
}
const oracle = await sealOracle(DEGREE, BITS, [...steps]);
const random = seeded(3);
const input = oracle.encrypt(
  Float64Array.from({ length: DEGREE / 2 }, () => random() - 0.5),
  2 ** 28,
);
if (!process.argv.includes('--json')) {
  console.log(
    `${'N = 8192, 5 primes'.padEnd(36)} ${'node-seal'.padStart(10)} ${'kernel'.padStart(10)}   ratio  (ms)`,
  );
}
const cases = [...elementary(oracle, input), ...transform(oracle, input)];
if (process.argv.includes('--json')) console.log(JSON.stringify({ cases }, null, 2));
