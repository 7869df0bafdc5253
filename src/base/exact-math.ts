// Transcendental functions that give the same bits in every engine, where Math's differ from one to the next.
//
// Sun's fdlibm (1993, as musl and V8 carry it on): polynomials of +, −, × and ÷, each of which IEEE 754 rounds in one
// way only. √ (Math.sqrt) is exact as it is. `**` is for literals and for squares: engines' powers of other exponents differ.
// The linter holds the way from model file to plan, encoder and picture to these (eslint.config.js).
export { atan2 } from './exact-math/arc-tangent.ts';
export { cbrt } from './exact-math/cube-root.ts';
export { exp, expm1, tanh } from './exact-math/exponential.ts';
export { exponentOf, powerOfTwo } from './exact-math/float-bits.ts';
export { log, log1p, log2 } from './exact-math/logarithm.ts';
export { cube, pow } from './exact-math/power.ts';
export { cos, sin } from './exact-math/sine.ts';
