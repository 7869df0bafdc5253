// `node bench/client-timing.ts [--rounds 4000]`: whether the client's kernel takes another time for other secrets.
//
// Reparaz, Balasch and Verbauwhede, "dude, is my code constant time?" (DATE 2017): two classes of inputs, taken in random
// order, and Welch's t of their times, the longest fifth left out. Above about 5 a leak is likely. The last line is the
// control: a sampler that counts bits in a loop, as it must not. A harness that misses it proves nothing by passing.
import { parseArgs } from 'node:util';
import { clientKernelBytes } from '../fixtures/client-kernel.ts';
import { seeded } from '../fixtures/seal-oracle.ts';
import { ClientKernel } from '../src/client/crypto/client-kernel.ts';
import { SEED_BYTES } from '../src/client/crypto/seeds.ts';
import { checkParameters } from '../src/params/parameters.ts';
import { compileKernel } from '../wasm/build.ts';

const PARAMETERS = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: [30, 28, 30] });
const LIMIT = 5;
const random = seeded(1);

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '4000' } } });
const rounds = Number(values.rounds);

/** Fills an input with one of the two classes' secrets. */
type Fill = (target: Uint32Array, isFixed: boolean) => void;

/** Welch's t between the times of the two classes. */
function welch(times: readonly [number[], number[]]): number {
  const all = [...times[0], ...times[1]].sort((a, b) => a - b);
  const most = all[Math.floor(0.8 * all.length)];
  const [a, b] = times.map((list) => {
    const kept = list.filter((time) => time <= most);
    const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
    const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
    return { mean, error: variance / kept.length };
  });
  return (a.mean - b.mean) / Math.sqrt(a.error + b.error);
}

/** Times `run` with secrets of both classes in random order. */
function measure(input: Uint32Array, fill: Fill, run: () => void): number {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds + 200; i += 1) {
    const isFixed = random() < 0.5;
    fill(input, isFixed);
    const start = performance.now();
    run();
    const time = performance.now() - start;
    // The engine compiles the code anew in its first rounds.
    if (i >= 200) times[isFixed ? 0 : 1].push(time);
  }
  return welch(times);
}

/** Random words below `most`, or zeros: the same work before the clock starts, which would else be told from its caches. */
const below =
  (most: number): Fill =>
  (target, isFixed) => {
    const share = isFixed ? 0 : most;
    for (let i = 0; i < target.length; i += 1) target[i] = random() * share;
  };

/** The cases of one kernel. */
function casesOf(kernel: ClientKernel): readonly (readonly [name: string, t: () => number])[] {
  const { raw, rowBytes, parameters } = kernel;
  const { polyModulusDegree: degree } = parameters;
  const prime = Number(parameters.primes[0]);
  const noise = kernel.allocate(8 * degree);
  const out = kernel.allocate(3 * rowBytes);
  const secret = kernel.allocate(raw.secretBytes());
  const seed = kernel.allocate(2 * SEED_BYTES);
  const parts = kernel.allocate(2 * rowBytes);
  const coefficients = kernel.allocate(8 * degree);
  const scratch = kernel.allocate(raw.scratchBytes());
  const words = (pointer: number, count: number): Uint32Array =>
    new Uint32Array(raw.memory.buffer, pointer, count);
  return [
    [
      'noise from the generator’s bytes',
      () => measure(words(noise, 1.5 * degree), below(2 ** 32), () => raw.negatedNoise(noise, out)),
    ],
    [
      'adding a text’s coefficients',
      () =>
        measure(
          new Uint32Array(degree),
          (target, isFixed) => {
            below(2 ** 20)(target, isFixed);
            kernel.doubles(coefficients, degree).set(target);
          },
          () => raw.addPlain(out, coefficients, 2 ** 20, 1, scratch),
        ),
    ],
    [
      'decryption, by the secret key',
      () => {
        below(prime)(words(parts, degree), false);
        below(prime)(words(parts + rowBytes, degree), false);
        return measure(words(secret, degree), below(prime), () => raw.decrypt(parts, 2, 1, secret, out));
      },
    ],
    [
      'encryption, by the secret key',
      () =>
        measure(words(secret, raw.secretBytes() / 4), below(prime), () =>
          raw.encrypt(seed, 0, 0, 1, 1, out, 0, secret, scratch),
        ),
    ],
    [
      'the square of the secret key',
      () => measure(words(secret, degree), below(prime), () => raw.squareSecret(secret, 0, out)),
    ],
  ];
}

const kernel = new ClientKernel(await WebAssembly.compile(clientKernelBytes()), PARAMETERS);
const leaking = await compileKernel('client', (file, text) =>
  file.includes('client/samplers')
    ? text.replace(
        /const x = load<u64>\(bytes \+ 6 \* i\);/,
        `let x = load<u64>(bytes + 6 * i);
    let e: i32 = 0;
    for (let y = x & 0x1fffff000000; y != 0; y &= y - 1) e++;
    for (let y = x & 0x1fffff; y != 0; y &= y - 1) e--;
    store<i32>(out + 4 * i, e);
    x = 0;`,
      )
    : text,
);
const control = casesOf(new ClientKernel(await WebAssembly.compile(leaking), PARAMETERS))[0];

const lines: (readonly [name: string, t: number])[] = casesOf(kernel).map(([name, t]) => [name, t()]);
lines.push(['control: bits counted in a loop', control[1]()]);
for (const [name, t] of lines) {
  console.log(
    `${name.padEnd(36)} t = ${t.toFixed(1).padStart(8)}  ${Math.abs(t) > LIMIT ? 'differs' : 'alike'}`,
  );
}
const isSound = Math.abs(lines.at(-1)[1]) > LIMIT;
console.log(isSound ? 'The control is seen.' : 'The control is not seen: this run proves nothing.');
