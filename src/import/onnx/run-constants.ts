// Constant folding of operators that have an importer and no rule of their own: the layer is run on its constant input.
import { executeGraph } from '../../model/execute.ts';
import { elementCount } from '../../model/graph.ts';
import { GraphBuilder } from '../graph-builder.ts';
import type { OperatorImporter } from './operators.ts';
import type { Scope } from './scope.ts';
import { malformed, unsupported } from './values.ts';
import type { Constant, Data, Value } from './values.ts';

/** The result of the node of `scope`, all of whose inputs are constants. */
export function foldByRunning(scope: Scope, importer: OperatorImporter): Constant | Constant[] {
  const at = scope.inputs.findIndex((value) => value !== undefined);
  const [input] = scope.inputs.slice(at);
  if (input?.kind !== 'constant') throw malformed('it has no input.');
  if (elementCount(input.dims) === 0) throw unsupported('it works on nothing.');
  scope.builder.spendConstants(elementCount(input.dims));
  const builder = new GraphBuilder('constant', 'x', input.dims);
  const data: Data = { kind: 'data', id: 'x', dims: input.dims, batched: false, type: 'float' };
  const inputs: readonly (Value | undefined)[] = scope.inputs.with(at, data);
  const results = [importer(scope.on(builder, inputs))].flat();
  const x = { shape: input.dims, data: Float32Array.from(input.data) };
  const folded = results.map((result): Constant => {
    if (result.kind === 'constant') return result;
    const { data: values } = executeGraph(builder.finish(result.id), x);
    return { kind: 'constant', dims: result.dims, data: values, integer: result.type !== 'float' };
  });
  return folded.length === 1 ? folded[0] : folded;
}
