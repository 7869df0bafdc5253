// ONNX Einsum of one value of the network, with or without a constant beside it: a linear map.
import { elementCount } from '../../../model/graph.ts';
import { printable } from '../../file-text.ts';
import type { Scope } from '../scope.ts';
import { malformed, unsupported } from '../values.ts';
import type { Constant, Data, Value } from '../values.ts';
import { withConstant } from './combine.ts';
import { transposeData } from './layout.ts';
import { productWith } from './matrix.ts';
import { sumOverLast } from './reduce.ts';
import { strided } from '../constants.ts';

/** An operand whose axes have letters. */
interface Lettered<Operand> {
  readonly operand: Operand;
  readonly letters: string;
}

/** Einsum: https://onnx.ai/onnx/operators/onnx__Einsum.html */
export function einsum(scope: Scope): Value {
  const equation = scope.string('equation', '').replaceAll(/\s/g, '');
  const [left, given] = equation.split('->');
  const letters = left.split(',');
  const operands = scope.inputs.map((value, i) => {
    if (!value) throw malformed('an input is missing.');
    const own = letters[i] ?? '';
    if (!/^[a-zA-Z]*$/.test(own))
      throw unsupported(`'${printable(equation)}' is not supported: name every axis by a letter.`);
    if (own.length !== value.dims.length)
      throw malformed(`'${printable(equation)}' does not fit its inputs.`);
    if (new Set(own).size !== own.length) throw unsupported('a diagonal is not supported: use Gather.');
    return { operand: value, letters: own };
  });
  if (operands.length > 2 || letters.length !== operands.length)
    throw unsupported('it must have one or two inputs: split it.');
  const output = given ?? implied(letters.join(''));
  const data = operands.filter((one): one is Lettered<Data> => one.operand.kind === 'data');
  const [constant] = operands.filter((one): one is Lettered<Constant> => one.operand.kind === 'constant');
  if (data.length !== 1) {
    throw unsupported('a product of two computed values is not supported here: use MatMul or Mul.');
  }
  const x = summed(
    scope,
    data[0],
    (letter) => output.includes(letter) || (constant?.letters.includes(letter) ?? false),
  );
  if (!constant) return ordered(scope, x, output).operand;
  const c = summedConstant(
    scope,
    constant,
    (letter) => output.includes(letter) || x.letters.includes(letter),
  );
  return ordered(scope, contracted(scope, x, c, output), output).operand;
}

/** The letters that occur once, sorted: what an equation without an arrow asks for. */
function implied(all: string): string {
  return [...new Set(all)]
    .filter((letter) => all.split(letter).length === 2)
    .sort()
    .join('');
}

/** `x` summed over the axes that are not kept. */
function summed(scope: Scope, x: Lettered<Data>, isKept: (letter: string) => boolean): Lettered<Data> {
  const dropped = [...x.letters].filter((letter) => !isKept(letter));
  return dropped.reduce<Lettered<Data>>((value, letter) => {
    const letters = value.letters.replace(letter, '');
    const moved = ordered(scope, value, letters + letter);
    return { operand: sumOverLast(scope, moved.operand), letters };
  }, x);
}

function summedConstant(
  scope: Scope,
  c: Lettered<Constant>,
  isKept: (letter: string) => boolean,
): Lettered<Constant> {
  const kept = [...c.letters].filter(isKept).join('');
  const dropped = [...c.letters].filter((letter) => !isKept(letter)).join('');
  if (dropped === '') return c;
  const { operand, letters } = orderedConstant(scope, c, kept + dropped);
  const dims = operand.dims.slice(0, kept.length);
  const count = elementCount(operand.dims) / elementCount(dims);
  const data = Float64Array.from({ length: elementCount(dims) }, (_, i) => {
    let sum = 0;
    for (let at = 0; at < count; at++) sum += operand.data[i * count + at];
    return sum;
  });
  return { operand: { ...operand, dims, data }, letters: letters.slice(0, kept.length) };
}

/** `x` times `c`, summed over the letters of both that the output lacks. */
function contracted(scope: Scope, x: Lettered<Data>, c: Lettered<Constant>, output: string): Lettered<Data> {
  const shared = [...x.letters].filter((letter) => c.letters.includes(letter));
  const inner = shared.filter((letter) => !output.includes(letter)).join('');
  const both = shared.filter((letter) => output.includes(letter)).join('');
  const own = [...x.letters].filter((letter) => !c.letters.includes(letter)).join('');
  const added = [...c.letters].filter((letter) => !x.letters.includes(letter)).join('');
  const constantOf = (letters: string): Constant => orderedConstant(scope, c, letters).operand;
  if (inner === '' && added === '') {
    const moved = ordered(scope, x, own + both);
    return { operand: withConstant(scope, 'Mul', moved.operand, constantOf(both)), letters: own + both };
  }
  const sizeOf = (letters: string): number =>
    elementCount([...letters].map((letter) => c.operand.dims[c.letters.indexOf(letter)]));
  const [k, g, stack] = [sizeOf(inner), sizeOf(added), sizeOf(both)];
  if (both === '') {
    const moved = ordered(scope, x, own + inner).operand;
    const lead = moved.dims.slice(0, own.length);
    const rows = scope.reshape(moved, [...lead, k]);
    const product = productWith(scope, rows, { ...constantOf(inner + added), dims: [k, g] });
    return { operand: scope.reshape(product, [...lead, ...dimsOf(c, added)]), letters: own + added };
  }
  const moved = ordered(scope, x, both + own + inner).operand;
  const lead = moved.dims.slice(0, both.length);
  const free = moved.dims.slice(both.length, both.length + own.length);
  const rows = scope.reshape(moved, [stack, elementCount(free), k]);
  const product = productWith(scope, rows, { ...constantOf(both + inner + added), dims: [stack, k, g] });
  return {
    operand: scope.reshape(product, [...lead, ...free, ...dimsOf(c, added)]),
    letters: both + own + added,
  };
}

function dimsOf({ operand, letters }: Lettered<Constant>, wanted: string): number[] {
  return [...wanted].map((letter) => operand.dims[letters.indexOf(letter)]);
}

function ordered(scope: Scope, { operand, letters }: Lettered<Data>, wanted: string): Lettered<Data> {
  if ([...wanted].sort().join('') !== [...letters].sort().join('')) {
    throw malformed(`'${printable(wanted)}' names axes that its inputs do not have.`);
  }
  const order = [...wanted].map((letter) => letters.indexOf(letter));
  return { operand: transposeData(scope, operand, order), letters: wanted };
}

function orderedConstant(
  scope: Scope,
  { operand, letters }: Lettered<Constant>,
  wanted: string,
): Lettered<Constant> {
  const order = [...wanted].map((letter) => letters.indexOf(letter));
  return { operand: strided(scope, operand, order), letters: wanted };
}
