// Transcendental functions that give the same bits in every engine, where Math's differ from one to the next.
//
// Sun's fdlibm (1993, as musl and V8 carry it on): polynomials of +, −, × and ÷, each of which IEEE 754 rounds in one
// way only. √ (Math.sqrt) is exact as it is, and so are powers of two; a square is x · x.
export { cbrt } from './exact-math/cube-root.ts';
export { exp, expm1, tanh } from './exact-math/exponential.ts';
export { log, log1p, log2 } from './exact-math/logarithm.ts';
export { pow } from './exact-math/power.ts';
export { cos, sin } from './exact-math/sine.ts';
