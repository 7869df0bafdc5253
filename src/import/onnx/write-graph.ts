// A graph as an ONNX file: what this side has built, for a service that reads files, and for other programs.
import { SealedError } from '../../base/errors.ts';
import type { Graph, Node, Tensor } from '../../model/graph.ts';
import { type OnnxAttribute, type OnnxInitializer, type OnnxNode, writeOnnx } from './write-onnx.ts';

/** What ONNX calls an operation, with its attributes and the constants that follow its inputs. */
interface Written {
  readonly op: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly constants?: readonly Tensor[];
  /** Whether its only input stands twice. */
  readonly isTwice?: boolean;
}

const whole = (numbers: readonly number[]): readonly bigint[] => numbers.map(BigInt);

/** Axis 0 of a graph is the channel; a file's is the batch. */
const fileAxis = (axis: number): bigint => BigInt(axis + 1);

function written(node: Node): Written {
  switch (node.op) {
    case 'conv2d': {
      const { strides, pads, dilations, groups, weight, bias } = node;
      const attributes = {
        strides: whole(strides),
        pads: whole(pads),
        dilations: whole(dilations),
        group: BigInt(groups),
      };
      return { op: 'Conv', attributes, constants: bias ? [weight, bias] : [weight] };
    }
    case 'mulConstant':
      return { op: 'Mul', constants: [node.constant] };
    case 'addConstant':
      return { op: 'Add', constants: [node.constant] };
    case 'add':
      return { op: 'Add' };
    case 'subtract':
      return { op: 'Sub' };
    case 'multiply':
      return { op: 'Mul' };
    case 'square':
      return { op: 'Mul', isTwice: true };
    case 'concat':
      return { op: 'Concat', attributes: { axis: fileAxis(node.axis) } };
    case 'depthToSpace':
      return { op: 'DepthToSpace', attributes: { blocksize: BigInt(node.block), mode: node.mode } };
    default:
      throw new SealedError(
        'unsupported-layer',
        `Layer ${node.id} (${node.op}) is not written to ONNX: export the network from where it was made.`,
        { stage: 'model' },
      );
  }
}

/**
 * The ONNX file (opset 13) of `graph`, whose importing gives the same values: input `[1, …shape]`, float32.
 * @throws SealedError `unsupported-layer` for operations that styles do not have
 */
export function onnxOfGraph(graph: Graph): Uint8Array {
  const initializers: OnnxInitializer[] = [];
  const nodes = graph.nodes.map((node): OnnxNode => {
    const { op, attributes, constants = [], isTwice = false } = written(node);
    const names = constants.map(({ shape, data }, i) => {
      const name = `${node.id}/constant-${i}`;
      initializers.push({ name, dims: shape, data });
      return name;
    });
    const inputs = [...node.inputs, ...(isTwice ? node.inputs : []), ...names];
    return { op, inputs, outputs: [node.id], ...(attributes && { attributes }) };
  });
  const input = { name: graph.input.id, dims: [1, ...graph.input.shape] };
  return writeOnnx({ opset: 13, input, initializers, nodes, output: graph.output });
}
