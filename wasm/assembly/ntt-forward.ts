// Forward number-theoretic transform: natural order in, bit-reversed order out (Cooley-Tukey, SEAL's tables).
//
// Values stay unreduced between stages. A butterfly adds less than 2p to a value, so with four prime sizes of
// head-room (p < 2^30) every stage folds, with eight (p < 2^29) every second, with sixteen (p < 2^28) every fourth.
// Stages are taken in pairs, so that each value is loaded and stored once for two of them, and the last three
// together, inside pairs of vectors.
import { barrett, fold, shoup } from './lanes';
import { FORWARD, FORWARD_Q, N, ONE, P, logN, record } from './tables';

// How a pair of stages keeps its values in range.
const TIGHT: i32 = 0; // values below 4p: fold by 2p before each of the two stages
const FOLD: i32 = 1; // fold once, by half the head-room
const FREE: i32 = 2; // room enough: do not fold

/** Residues as they are, or signed numbers: negative ones get `offset`, a multiple of p, added. */
// @ts-ignore: decorator
@inline
function lifted(x: v128, offset: v128): v128 {
  return i32x4.add(x, v128.and(i32x4.shr_s(x, 31), offset));
}

/** Two stages on the four vectors at source + {0, 1, 2, 3} quarter, written to the same places under target. */
// @ts-ignore: decorator
@inline
function quad(
  source: u32, target: u32, quarter: u32, mode: i32, first: bool, offset: v128, half: v128,
  w1: v128, q1: v128, w2: v128, q2: v128, w3: v128, q3: v128, p: v128, p2: v128,
): void {
  let x0 = v128.load(source);
  let x1 = v128.load(source + quarter);
  let x2 = v128.load(source + 2 * quarter);
  let x3 = v128.load(source + 3 * quarter);
  if (first) {
    x0 = lifted(x0, offset);
    x1 = lifted(x1, offset);
    x2 = lifted(x2, offset);
    x3 = lifted(x3, offset);
  }
  if (mode != FREE) {
    x0 = fold(x0, half);
    x1 = fold(x1, half);
  }
  x2 = shoup(x2, w1, q1, p);
  x3 = shoup(x3, w1, q1, p);
  let y0 = i32x4.add(x0, x2);
  let y2 = i32x4.sub(i32x4.add(x0, p2), x2);
  let y1 = i32x4.add(x1, x3);
  let y3 = i32x4.sub(i32x4.add(x1, p2), x3);
  if (mode == TIGHT) {
    y0 = fold(y0, half);
    y2 = fold(y2, half);
  }
  y1 = shoup(y1, w2, q2, p);
  y3 = shoup(y3, w3, q3, p);
  v128.store(target, i32x4.add(y0, y1));
  v128.store(target + quarter, i32x4.sub(i32x4.add(y0, p2), y1));
  v128.store(target + 2 * quarter, i32x4.add(y2, y3));
  v128.store(target + 3 * quarter, i32x4.sub(i32x4.add(y2, p2), y3));
}

/** Stages m and 2m on the groups begin to end - 1 of m. */
// @ts-ignore: decorator
@inline
function pass(
  source: u32, target: u32, m: u32, begin: u32, end: u32, r: u32, mode: i32, first: bool, c: u32, fold: u32,
): void {
  const p = i32x4.splat(load<u32>(r, P));
  const p2 = i32x4.add(p, p);
  const half = i32x4.splat(fold);
  const offset = i32x4.splat(c);
  const roots = load<u32>(r, FORWARD);
  const quotients = load<u32>(r, FORWARD_Q);
  const quarter = N / m;
  for (let i = begin; i < end; i++) {
    const at1 = (m + i) * 4;
    const w1 = v128.load_splat<u32>(roots + at1);
    const q1 = v128.load_splat<u32>(quotients + at1);
    const w2 = v128.load_splat<u32>(roots + 2 * at1);
    const q2 = v128.load_splat<u32>(quotients + 2 * at1);
    const w3 = v128.load_splat<u32>(roots + 2 * at1, 4);
    const q3 = v128.load_splat<u32>(quotients + 2 * at1, 4);
    let from = source + i * quarter * 4;
    let to = target + i * quarter * 4;
    const stop = from + quarter;
    do {
      quad(from, to, quarter, mode, first, offset, half, w1, q1, w2, q2, w3, q3, p, p2);
      from += 16;
      to += 16;
    } while (from < stop);
  }
}

function passTight(data: u32, m: u32, begin: u32, end: u32, r: u32, fold: u32): void {
  pass(data, data, m, begin, end, r, TIGHT, false, 0, fold);
}

function passFold(data: u32, m: u32, begin: u32, end: u32, r: u32, fold: u32): void {
  pass(data, data, m, begin, end, r, FOLD, false, 0, fold);
}

function passFree(data: u32, m: u32, begin: u32, end: u32, r: u32): void {
  pass(data, data, m, begin, end, r, FREE, false, 0, 0);
}

function firstTight(source: u32, target: u32, r: u32, c: u32, fold: u32): void {
  pass(source, target, 1, 0, 1, r, TIGHT, true, c, fold);
}

function firstFold(source: u32, target: u32, r: u32, c: u32, fold: u32): void {
  pass(source, target, 1, 0, 1, r, FOLD, true, c, fold);
}

/** The first stage alone, where the number of stages is even (three are left for the end). */
function firstSingle(source: u32, target: u32, r: u32, c: u32, foldBy: u32): void {
  const p = i32x4.splat(load<u32>(r, P));
  const p2 = i32x4.add(p, p);
  const half = i32x4.splat(foldBy);
  const offset = i32x4.splat(c);
  const w = v128.load_splat<u32>(load<u32>(r, FORWARD), 4);
  const q = v128.load_splat<u32>(load<u32>(r, FORWARD_Q), 4);
  const span = N * 2;
  for (let at: u32 = 0; at < span; at += 16) {
    const x = fold(lifted(v128.load(source + at), offset), half);
    const y = shoup(lifted(v128.load(source + span + at), offset), w, q, p);
    v128.store(target + at, i32x4.add(x, y));
    v128.store(target + span + at, i32x4.sub(i32x4.add(x, p2), y));
  }
}

/** The last three stages, eight values at a time, and the reduction to [0, p). */
// @ts-ignore: decorator
@inline
function finish(data: u32, begin: u32, end: u32, r: u32, mode: i32, steps: i32): void {
  const p = i32x4.splat(load<u32>(r, P));
  const p2 = i32x4.add(p, p);
  const p4 = i32x4.add(p2, p2);
  const p8 = i32x4.add(p4, p4);
  const m = N / 8;
  const roots = load<u32>(r, FORWARD);
  const quotients = load<u32>(r, FORWARD_Q);
  let at1 = (m + begin) * 4;
  const stop = (m + end) * 4;
  let at = data + begin * 32;
  do {
    let a = v128.load(at);
    let b = v128.load(at, 16);
    if (mode == TIGHT) a = fold(a, p2);
    else if (steps == 3) a = fold(a, p4);
    else a = fold(a, p8);
    b = shoup(b, v128.load_splat<u32>(roots + at1), v128.load_splat<u32>(quotients + at1), p);
    let x = i32x4.add(a, b);
    let y = i32x4.sub(i32x4.add(a, p2), b);
    // Partners two apart: [x0 y0 x1 y1] against [x2 y2 x3 y3], whose roots alternate likewise.
    a = v128.shuffle<i32>(x, y, 0, 4, 1, 5);
    b = v128.shuffle<i32>(x, y, 2, 6, 3, 7);
    if (mode == TIGHT) a = fold(a, p2);
    b = shoup(b, v128.load64_splat(roots + 2 * at1), v128.load64_splat(quotients + 2 * at1), p);
    x = i32x4.add(a, b);
    y = i32x4.sub(i32x4.add(a, p2), b);
    // Partners side by side: the even places against the odd ones, roots in their own order.
    a = v128.shuffle<i32>(x, y, 0, 4, 1, 5);
    b = v128.shuffle<i32>(x, y, 2, 6, 3, 7);
    if (mode == TIGHT) a = fold(a, p2);
    else if (steps == 3) a = fold(a, p4);
    b = shoup(b, v128.load(roots + 4 * at1), v128.load(quotients + 4 * at1), p);
    x = i32x4.add(a, b);
    y = i32x4.sub(i32x4.add(a, p2), b);
    if (steps == 4) {
      x = fold(x, p8);
      y = fold(y, p8);
    }
    if (mode != TIGHT) {
      x = fold(x, p4);
      y = fold(y, p4);
    }
    x = fold(fold(x, p2), p);
    y = fold(fold(y, p2), p);
    v128.store(at, v128.shuffle<i32>(x, y, 0, 4, 1, 5));
    v128.store(at, v128.shuffle<i32>(x, y, 2, 6, 3, 7), 16);
    at1 += 4;
    at += 32;
  } while (at1 < stop);
}

function finishTight(data: u32, begin: u32, end: u32, r: u32): void {
  finish(data, begin, end, r, TIGHT, 2);
}

function finishEight(data: u32, begin: u32, end: u32, r: u32): void {
  finish(data, begin, end, r, FOLD, 3);
}

function finishSixteen(data: u32, begin: u32, end: u32, r: u32): void {
  finish(data, begin, end, r, FOLD, 4);
}

/**
 * Transforms the N numbers at `source` into `target` (which may be the same), reduced to [0, p). The numbers are
 * i32: those not negative below `bound`; to negative ones `c`, a multiple of p, is added, which must make them so too.
 */
export function forwardSigned(source: u32, target: u32, index: u32, c: u32, bound: u32): void {
  const r = record(index);
  const p = load<u32>(r, P);
  // Head-room: values below 2^room p fit 32 bits.
  const room: u32 = p < 1 << 28 ? 4 : p < 1 << 29 ? 3 : 2;
  if (<u64>bound > (<u64>p) << room) {
    reduceSigned(source, target, r, c);
    source = target;
    c = 0;
  }
  const half = p << (room - 1);
  let m: u32 = 1;
  if ((logN & 1) == 0) {
    firstSingle(source, target, r, c, half);
    m = 2;
  } else {
    if (room == 2) firstTight(source, target, r, c, half);
    else firstFold(source, target, r, c, half);
    m = 4;
  }
  // What is left falls into m independent parts; each is finished while it is in the first-level cache.
  for (let part: u32 = 0; part < m; part++) {
    let free = true;
    for (let stage = m; stage < N / 8; stage *= 4) {
      const begin = part * (stage / m);
      const end = begin + stage / m;
      if (room == 2) passTight(target, stage, begin, end, r, half);
      else if (room == 4 && free) passFree(target, stage, begin, end, r);
      else passFold(target, stage, begin, end, r, half);
      free = !free;
    }
    const begin = part * (N / 8 / m);
    const end = begin + N / 8 / m;
    if (room == 2) finishTight(target, begin, end, r);
    else if (room == 3) finishEight(target, begin, end, r);
    else finishSixteen(target, begin, end, r);
  }
}

/** Brings signed numbers to [0, 2p): needed only where one prime is many times smaller than another. */
function reduceSigned(source: u32, target: u32, r: u32, c: u32): void {
  const p = i32x4.splat(load<u32>(r, P));
  const one = v128.load_splat<u32>(r, ONE);
  const offset = i32x4.splat(c);
  for (let at: u32 = 0; at < N * 4; at += 16) {
    v128.store(target + at, barrett(lifted(v128.load(source + at), offset), one, p));
  }
}

/** Transforms N residues in [0, p), in place or not. */
export function forward(source: u32, target: u32, index: u32): void {
  forwardSigned(source, target, index, 0, 1);
}
