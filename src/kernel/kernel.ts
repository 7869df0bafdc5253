// The SIMD kernel, as the server role uses it: evaluation only. Everything is exported from here.
export { createKernel, KernelInstance } from './instance.ts';
export * from './handles.ts';
export * from './transfer.ts';
export * from './arithmetic.ts';
export * from './mixing.ts';
export * from './switching.ts';
export * from './hoisting.ts';
export { Encoder } from './encoder.ts';
export { scalarOf } from './scalars.ts';
export type { Scalar } from './scalars.ts';
