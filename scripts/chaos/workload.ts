// What is run while things go wrong: small networks, each with the answer that is right.
import { clearOutputs } from '../../src/app/network/clear-run.ts';
import { runSealed } from '../../src/app/session/run.ts';
import type { NamedCard, Session } from '../../src/app/session/session.ts';
import { type RunControls, Stages } from '../../src/app/session/stages.ts';
import { seededRandom } from '../../src/base/seeded-random.ts';
import { readModelFile } from '../../src/import/model-file.ts';
import { writeOnnx } from '../../src/import/onnx/write-onnx.ts';
import type { Graph } from '../../src/model/graph.ts';
import type { ModelFile, NetworkOptions } from '../../src/protocol/service.ts';

/** Largest difference to the float network that is noise, and not another answer. */
const MOST_ERROR = 0.02;

const WIDTH = 6;

/** A network and how it is run. */
export interface Workload {
  readonly file: ModelFile;
  readonly graph: Graph;
  readonly options: NetworkOptions;
}

/** Two dense layers of six values with a square after each. */
export function workload(seed: number, options: Partial<NetworkOptions> = {}): Workload {
  const random = seededRandom(seed);
  const dims = [WIDTH, WIDTH];
  const weights = (name: string) => ({
    name,
    dims,
    data: Float32Array.from({ length: WIDTH * WIDTH }, () => (random() - 0.5) / 2),
  });
  const bytes = writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, WIDTH] },
    initializers: [weights('v'), weights('w')],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'v'], outputs: ['a'] },
      { op: 'Mul', inputs: ['a', 'a'], outputs: ['b'] },
      { op: 'MatMul', inputs: ['b', 'w'], outputs: ['c'] },
      { op: 'Mul', inputs: ['c', 'c'], outputs: ['d'] },
    ],
    output: 'd',
  });
  const file = { name: `chaos ${seed}.onnx`, bytes };
  return {
    file,
    graph: readModelFile(bytes, file),
    options: { kind: 'network', backend: 'simd', ...options },
  };
}

/** One input, of numbers from 0 to 1. */
export function inputFrom(random: () => number): Float32Array {
  return Float32Array.from({ length: WIDTH }, random);
}

/** The card of `workload`, on the service that `session` has now. */
export async function cardOf(session: Session, { file, options }: Workload): Promise<NamedCard> {
  const { id } = await session.load(file);
  return await session.card(id, options);
}

/** Whether `card`, run on `input`, gives what the float network gives. @throws SealedError whatever a role throws */
export async function isRight(
  session: Session,
  { graph }: Workload,
  card: NamedCard,
  input: Float32Array,
  controls: RunControls = {},
): Promise<boolean> {
  const { outputs } = await runSealed(session, { card, inputs: [input] }, new Stages(controls));
  const [expected] = clearOutputs(graph, [input]);
  return outputs.length === 1 && outputs[0].every((x, i) => Math.abs(x - expected[i]) < MOST_ERROR);
}
