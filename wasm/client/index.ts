// The client kernel's exports: all that touches a secret key. Pointers and sizes are checked by src/client alone.
export { allocate, free, liveBlocks, setMemoryLimit } from '../assembly/memory';
export { rowBytes, setup } from '../assembly/tables';
export { makePermutation, permutationBytes, permuteRow } from '../assembly/galois';
export { coefficientBytes, embed, encoderBytes, prepareEncoder } from '../assembly/encoder';
export { stream } from '../assembly/blake2x';
export { expandRow } from '../assembly/expand';
export { negatedNoise, ternary } from './samplers';
export {
  addPlain,
  addSwitched,
  decrypt,
  encrypt,
  makeSecret,
  scratchBytes,
  secretBytes,
  squareSecret,
} from './secret';
export { decode } from './decoder';
