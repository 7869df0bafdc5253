// Inverse number-theoretic transform: bit-reversed order in, natural order out (Gentleman-Sande), scaled by 1/N.
//
// Values stay below 2p between pairs of stages, below 4p (or 8p where p < 2^29) within one.
import { fold, shoup } from './lanes';
import { BACKWARD, BACKWARD_Q, LAST, LAST_Q, N, P, SCALE, SCALE_Q, logN, record } from './tables';

/** The first three stages, eight values at a time: the mirror image of the forward transform's last three. */
function start(source: u32, target: u32, begin: u32, end: u32, r: u32): void {
  const p = i32x4.splat(load<u32>(r, P));
  const p2 = i32x4.add(p, p);
  const m = N / 8;
  const roots = load<u32>(r, BACKWARD);
  const quotients = load<u32>(r, BACKWARD_Q);
  let at1 = (m + begin) * 4;
  const stop = (m + end) * 4;
  let from = source + begin * 32;
  let to = target + begin * 32;
  do {
    let x = v128.load(from);
    let y = v128.load(from, 16);
    // Residues come in below p, so the first sum needs no folding.
    let a = v128.shuffle<i32>(x, y, 0, 2, 4, 6);
    let b = v128.shuffle<i32>(x, y, 1, 3, 5, 7);
    x = i32x4.add(a, b);
    y = shoup(i32x4.sub(i32x4.add(a, p), b), v128.load(roots + 4 * at1), v128.load(quotients + 4 * at1), p);
    a = v128.shuffle<i32>(x, y, 0, 2, 4, 6);
    b = v128.shuffle<i32>(x, y, 1, 3, 5, 7);
    x = fold(i32x4.add(a, b), p2);
    y = shoup(
      i32x4.sub(i32x4.add(a, p2), b), v128.load64_splat(roots + 2 * at1), v128.load64_splat(quotients + 2 * at1), p,
    );
    a = v128.shuffle<i32>(x, y, 0, 2, 4, 6);
    b = v128.shuffle<i32>(x, y, 1, 3, 5, 7);
    v128.store(to, fold(i32x4.add(a, b), p2));
    v128.store(
      to,
      shoup(i32x4.sub(i32x4.add(a, p2), b), v128.load_splat<u32>(roots + at1), v128.load_splat<u32>(quotients + at1), p),
      16,
    );
    at1 += 4;
    from += 32;
    to += 32;
  } while (at1 < stop);
}

/** Stages 2m and m on the groups begin to end - 1 of m; roomy: p < 2^29. */
// @ts-ignore: decorator
@inline
function pass(data: u32, m: u32, begin: u32, end: u32, r: u32, roomy: bool, last: bool): void {
  const p = i32x4.splat(load<u32>(r, P));
  const p2 = i32x4.add(p, p);
  const p4 = i32x4.add(p2, p2);
  const scale = v128.load_splat<u32>(r, SCALE);
  const scaleQ = v128.load_splat<u32>(r, SCALE_Q);
  const roots = load<u32>(r, BACKWARD);
  const quotients = load<u32>(r, BACKWARD_Q);
  const quarter = N / m;
  for (let i = begin; i < end; i++) {
    const at1 = (m + i) * 4;
    // The very last root carries the factor 1/N.
    const w1 = last ? v128.load_splat<u32>(r, LAST) : v128.load_splat<u32>(roots + at1);
    const q1 = last ? v128.load_splat<u32>(r, LAST_Q) : v128.load_splat<u32>(quotients + at1);
    const w2 = v128.load_splat<u32>(roots + 2 * at1);
    const q2 = v128.load_splat<u32>(quotients + 2 * at1);
    const w3 = v128.load_splat<u32>(roots + 2 * at1, 4);
    const q3 = v128.load_splat<u32>(quotients + 2 * at1, 4);
    let at = data + i * quarter * 4;
    const stop = at + quarter;
    do {
      const x0 = v128.load(at);
      const x1 = v128.load(at + quarter);
      const x2 = v128.load(at + 2 * quarter);
      const x3 = v128.load(at + 3 * quarter);
      let y0 = i32x4.add(x0, x1);
      let y2 = i32x4.add(x2, x3);
      if (!roomy) {
        y0 = fold(y0, p2);
        y2 = fold(y2, p2);
      }
      const y1 = shoup(i32x4.sub(i32x4.add(x0, p2), x1), w2, q2, p);
      const y3 = shoup(i32x4.sub(i32x4.add(x2, p2), x3), w3, q3, p);
      let z0 = i32x4.add(y0, y2);
      const z1 = i32x4.add(y1, y3);
      const d0 = i32x4.sub(i32x4.add(y0, roomy ? p4 : p2), y2);
      const d1 = i32x4.sub(i32x4.add(y1, p2), y3);
      const z2 = shoup(d0, w1, q1, p);
      const z3 = shoup(d1, w1, q1, p);
      if (last) {
        v128.store(at, fold(shoup(z0, scale, scaleQ, p), p));
        v128.store(at + quarter, fold(shoup(z1, scale, scaleQ, p), p));
        v128.store(at + 2 * quarter, fold(z2, p));
        v128.store(at + 3 * quarter, fold(z3, p));
      } else {
        if (roomy) z0 = fold(z0, p4);
        v128.store(at, fold(z0, p2));
        v128.store(at + quarter, fold(z1, p2));
        v128.store(at + 2 * quarter, z2);
        v128.store(at + 3 * quarter, z3);
      }
      at += 16;
    } while (at < stop);
  }
}

function passTight(data: u32, m: u32, begin: u32, end: u32, r: u32): void {
  pass(data, m, begin, end, r, false, false);
}

function passRoomy(data: u32, m: u32, begin: u32, end: u32, r: u32): void {
  pass(data, m, begin, end, r, true, false);
}

function lastTight(data: u32, r: u32): void {
  pass(data, 1, 0, 1, r, false, true);
}

function lastRoomy(data: u32, r: u32): void {
  pass(data, 1, 0, 1, r, true, true);
}

/** The last stage alone, where the number of stages is even. */
function lastSingle(data: u32, r: u32): void {
  const p = i32x4.splat(load<u32>(r, P));
  const p2 = i32x4.add(p, p);
  const w = v128.load_splat<u32>(r, LAST);
  const q = v128.load_splat<u32>(r, LAST_Q);
  const scale = v128.load_splat<u32>(r, SCALE);
  const scaleQ = v128.load_splat<u32>(r, SCALE_Q);
  const span = N * 2;
  for (let at = data; at < data + span; at += 16) {
    const x = v128.load(at);
    const y = v128.load(at + span);
    v128.store(at, fold(shoup(i32x4.add(x, y), scale, scaleQ, p), p));
    v128.store(at + span, fold(shoup(i32x4.sub(i32x4.add(x, p2), y), w, q, p), p));
  }
}

/** Transforms N residues in [0, p) at `source` back to coefficients in [0, p) at `target` (which may be the same). */
export function inverse(source: u32, target: u32, index: u32): void {
  const r = record(index);
  const roomy = load<u32>(r, P) < 1 << 29;
  const parts: u32 = (logN & 1) == 0 ? 2 : 4;
  for (let part: u32 = 0; part < parts; part++) {
    const begin = part * (N / 8 / parts);
    start(source, target, begin, begin + N / 8 / parts, r);
    for (let stage = N / 32; stage >= parts; stage /= 4) {
      const first = part * (stage / parts);
      const end = first + stage / parts;
      if (roomy) passRoomy(target, stage, first, end, r);
      else passTight(target, stage, first, end, r);
    }
  }
  if (parts == 2) lastSingle(target, r);
  else if (roomy) lastRoomy(target, r);
  else lastTight(target, r);
}
