// The kernel's exports. Pointers and sizes are checked by the TypeScript wrapper, not here.
export { allocate, free, liveBlocks, liveBytes, peakBytes, setMemoryLimit } from './memory';
export { rowBytes, setup } from './tables';
export { forward } from './ntt-forward';
export { inverse } from './ntt-inverse';
export { checkRow } from './transfer';
export { expandRow } from './expand';
export {
  add,
  addScalar,
  addScaled,
  clearRows,
  copyRows,
  dropPrimes,
  multiply,
  multiplyPlain,
  multiplyScalar,
  negate,
  square,
  subtract,
  toMontgomery,
} from './pointwise';
export { mix, multiplyAccumulate } from './accumulate';
export { makePermutation, permutationBytes } from './galois';
export { rescale } from './divide';
export { divideBySpecial, keyBytes, storeKeyRow, switchKey, switchScratchRows } from './keyswitch';
export {
  addExtended,
  babyStep,
  giantStep,
  hoist,
  hoistedRotation,
  hoistedRows,
  innerSums,
  storeDiagonalRow,
} from './hoist';
export { coefficientBytes, embed, encoderBytes, prepareEncoder, residueRows } from './encoder';
