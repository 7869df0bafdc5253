// The exact functions against others' ports of fdlibm bit for bit, and against series in whole numbers of 320 bits.
import { beforeAll, describe, expect, it } from 'vitest';
import { type MuslMath, loadMuslMath } from '../../fixtures/musl-math.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import {
  atan2,
  cbrt,
  cos,
  cube,
  exp,
  expm1,
  exponentOf,
  log,
  log1p,
  log2,
  pow,
  powerOfTwo,
  sin,
  tanh,
} from './exact-math.ts';

let musl: MuslMath;
beforeAll(async () => {
  musl = await loadMuslMath();
});

const functions = { sin, cos, exp, expm1, tanh, log, log1p, log2, cbrt };
type Name = keyof typeof functions;

/** Where each function is tried: arguments of every magnitude up to the ends. */
const ends: Readonly<Record<Name, readonly [low: number, high: number]>> = {
  sin: [-1e6, 1e6],
  cos: [-1e6, 1e6],
  exp: [-746, 710],
  expm1: [-50, 710],
  tanh: [-25, 25],
  log: [0, 1e300],
  log1p: [-1, 1e3],
  log2: [0, 1e300],
  cbrt: [-1e300, 1e300],
};
const SPECIAL = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, 5e-324, 1e308, Infinity, -Infinity, NaN];

function* argumentsOf(name: Name, count: number): Generator<number> {
  const random = seededRandom(7);
  const [low, high] = ends[name];
  for (let i = 0; i < count; i += 1) {
    const x = low + (high - low) * random();
    yield i % 3 === 0 ? x : x * 2 ** (-60 * random());
    // Near whole multiples of π/2 a sine keeps few of the bits that its argument has.
    if (high === 1e6)
      yield (Math.PI / 2) * Math.round(200 * random()) * (1 + random() * 2 ** (-53 * random()));
  }
}

describe('bits', () => {
  it.each(Object.keys(functions) as Name[])('of %s are those of musl', (name) => {
    for (const x of argumentsOf(name, 20_000))
      if (!Object.is(functions[name](x), musl[name](x))) expect.fail(`${name}(${x})`);
    for (const x of SPECIAL) {
      if (ends[name][1] === 1e6 && x === 1e308) continue;
      expect(functions[name](x), `${name}(${x})`).toBe(musl[name](x));
    }
  });

  it('of pow are those of musl', () => {
    const random = seededRandom(8);
    for (let i = 0; i < 30_000; i += 1) {
      let x = random() * 2 ** (100 * (random() - 0.5));
      let y = (random() - 0.5) * 2 ** (12 * random());
      if (i % 5 === 0) [x, y] = [-x, Math.round(y)];
      if (i % 9 === 0) [x, y] = [1 + (random() - 0.5) * 2 ** (-15 - 35 * random()), y * 2 ** (40 * random())];
      if (!Object.is(pow(x, y), musl.pow(x, y))) expect.fail(`${x} ** ${y}`);
    }
    const more = [...SPECIAL, 2 ** 31, 2 ** 53, 2 ** 54 + 4, -(2 ** 53), -1.5, 0.1, 2.4];
    for (const x of more) for (const y of more) expect(pow(x, y), `${x} ** ${y}`).toBe(musl.pow(x, y));
  });

  it('of atan2 are those of musl, in all directions and at the ends', () => {
    const random = seededRandom(10);
    for (let i = 0; i < 30_000; i += 1) {
      const y = (random() - 0.5) * 2 ** (140 * (random() - 0.5));
      const x = i % 4 === 0 ? 1 : (random() - 0.5) * 2 ** (140 * (random() - 0.5));
      if (!Object.is(atan2(y, x), musl.atan2(y, x))) expect.fail(`atan2(${y}, ${x})`);
    }
    for (const y of SPECIAL) {
      for (const x of SPECIAL) {
        expect(atan2(y, x), `atan2(${y}, ${x})`).toBe(musl.atan2(y, x));
        // What the standard says of zeros, infinities and signs, engines' own functions answer exactly.
        const isSpecial = [x, y].some((value) => value === 0 || Math.abs(value) === Infinity);
        if (isSpecial) expect(atan2(y, x), `atan2(${y}, ${x})`).toBe(Math.atan2(y, x));
      }
    }
  });

  it('are seen to differ: one unit in the last place of a coefficient is found', () => {
    const off = (x: number): number => 1 - 0.5 * x * x + 4.16666666666666e-2 * x * x * x * x;
    expect(off(0.7)).not.toBe(musl.cos(0.7));
  });
});

// Whole numbers in units of 2^−320.
const BITS = 320n;
const UNIT = 1n << BITS;

/** The float64 `x`, exactly. */
function fixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = (bits & ((1n << 52n) - 1n)) | (exponent > 0n ? 1n << 52n : 0n);
  const shift = BITS + (exponent > 0n ? exponent : 1n) - 1075n;
  const magnitude = shift >= 0n ? fraction << shift : fraction >> -shift;
  return x < 0 ? -magnitude : magnitude;
}

/** Σ terms, from `term` on, each `next` of the one before. */
function series(term: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = 0n;
  for (let [t, n] = [term, 1n]; t !== 0n; n += 1n) {
    sum += t;
    t = next(t, n);
  }
  return sum;
}

const times = (a: bigint, b: bigint): bigint => (a * b) / UNIT;
const exactExp = (x: bigint): bigint => series(UNIT, (t, n) => times(t, x) / n);
const exactSin = (x: bigint): bigint =>
  series(x, (t, n) => -times(times(t, x), x) / (2n * n * (2n * n + 1n)));
const exactCos = (x: bigint): bigint =>
  series(UNIT, (t, n) => -times(times(t, x), x) / (2n * n * (2n * n - 1n)));

/** log y by Newton's iteration on e^x, from the float64 `near`. */
function exactLog(y: bigint, near: number): bigint {
  let x = fixed(near);
  for (let i = 0; i < 5; i += 1) x += (y * UNIT) / exactExp(x) - UNIT;
  return x;
}

/** The angle of the point (cos x, sin x) of float64 numbers, by Newton's iteration from the float64 `near`. */
function exactAngle(x: number, near: number): bigint {
  let angle = fixed(near);
  const [a, b] = [fixed(cos(x)), fixed(sin(x))];
  for (let i = 0; i < 5; i += 1) {
    const [c, s] = [exactCos(angle), exactSin(angle)];
    // tan of the difference, and so to first order the difference.
    angle += ((times(b, c) - times(a, s)) * UNIT) / (times(a, c) + times(b, s));
  }
  return angle;
}

/** Distance of `value` from `exact` in units of the last place of `value`. */
function ulps(value: number, exact: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  const ulp = fixed(view.getFloat64(0)) - fixed(Math.abs(value));
  const error = fixed(value) - exact;
  return Number(((error < 0n ? -error : error) * 1_000_000n) / ulp) / 1_000_000;
}

describe('errors', () => {
  const random = seededRandom(9);
  const between = (low: number, high: number): readonly number[] =>
    Array.from({ length: 300 }, () => low + (high - low) * random());
  const ln2 = exactLog(2n * UNIT, 0.6931471805599453);
  const cases: readonly (readonly [
    name: string,
    worst: number,
    at: readonly number[],
    f: (x: number) => number,
    exact: (x: number, value: number) => bigint,
  ])[] = [
    ['sin', 1, between(-30, 30), sin, (x) => exactSin(fixed(x))],
    ['cos', 1, between(-30, 30), cos, (x) => exactCos(fixed(x))],
    ['exp', 1, between(-20, 20), exp, (x) => exactExp(fixed(x))],
    ['expm1', 1, between(-2, 2), expm1, (x) => exactExp(fixed(x)) - UNIT],
    ['atan2', 2, between(-3, 3), (x) => atan2(sin(x), cos(x)), (x, value) => exactAngle(x, value)],
    ['log', 1, between(0, 9), log, (x, value) => exactLog(fixed(x), value)],
    ['log1p', 1, between(-0.9, 3), log1p, (x, value) => exactLog(UNIT + fixed(x), value)],
    ['log2', 1, between(0, 9), log2, (x) => (exactLog(fixed(x), log(x)) * UNIT) / ln2],
    [
      'tanh',
      2,
      between(-3, 3),
      tanh,
      (x) => {
        const e = exactExp(fixed(2 * x));
        return ((e - UNIT) * UNIT) / (e + UNIT);
      },
    ],
    [
      'x ** 2.4',
      1,
      between(0, 9),
      (x) => pow(x, 2.4),
      (x) => exactExp(times(fixed(2.4), exactLog(fixed(x), log(x)))),
    ],
    ['x ** -7', 1, between(1, 9), (x) => pow(x, -7), (x) => UNIT ** 8n / fixed(x) ** 7n],
  ];

  it.each(cases)('of %s stay below %d units in the last place', (_, worst, at, f, exact) => {
    for (const x of at) expect(ulps(f(x), exact(x, f(x))), `at ${x}`).toBeLessThan(worst);
  });

  it('of cbrt stay below one: its neighbours lie on both sides of the root', () => {
    for (const x of between(0, 100)) {
      const root = cbrt(x);
      const step = root * 2 ** -52;
      const cube = (y: number): bigint => fixed(y) ** 3n;
      const target = fixed(x) * UNIT ** 2n;
      expect(cube(root - step) < target && target < cube(root + step), `at ${x}`).toBe(true);
    }
  });
});

describe('powers of two', () => {
  it('are exact, and so are the exponents of any number', () => {
    const wrong: number[] = [];
    for (let k = -1021; k <= 1023; k += 1) {
      const power = powerOfTwo(k);
      const exact = k >= 0 ? UNIT << BigInt(k) : UNIT >> BigInt(-k);
      // The largest number below it: its logarithm would round up.
      const below = power - power * 2 ** -53;
      const isRight = fixed(power) === exact && log2(power) === k && pow(2, k) === power;
      if (!(isRight && exponentOf(-power) === k && exponentOf(below) === k - 1)) wrong.push(k);
    }
    expect(wrong).toEqual([]);
    expect([exponentOf(5e-324), exponentOf(1.5), exponentOf(Number.MAX_VALUE)]).toEqual([-1074, 0, 1023]);
  });

  it('of x ** 2 in this engine are x · x, which the linter relies on', () => {
    const random = seededRandom(11);
    for (let i = 0; i < 100_000; i += 1) {
      const x = (random() - 0.5) * 2 ** (200 * (random() - 0.5));
      if (x ** 2 !== x * x) expect.fail(`at ${x}`);
    }
    expect(cube(-3)).toBe(-27);
  });
});

describe('refusals', () => {
  it('names a power of two that is none', () => {
    for (const exponent of [0.5, 1024, -1023, NaN])
      expect(() => powerOfTwo(exponent)).toThrow(`2^${exponent}`);
  });

  it('names the largest angle', () => {
    expect(() => sin(1e7)).toThrow(RangeError);
    expect(() => cos(-1e300)).toThrow(/1647099/);
  });
});
