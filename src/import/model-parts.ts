// Networks that people have in several files, joined into one: weights beside an ONNX model, a state_dict beside its network.
import { toBinary } from '@bufbuild/protobuf';
import { SealedError } from '../base/errors.ts';
import { printable } from './file-text.ts';
import { decodeModel, joinExternalData } from './onnx/decode.ts';
import type { ExternalFiles } from './onnx/decode.ts';
import { ModelProtoSchema } from './onnx/onnx_pb.js';
import { looksLikePytorch } from './pytorch/import-pytorch.ts';
import { readStateDict } from './pytorch/state-dict.ts';

export { externalFilesOf } from './onnx/decode.ts';
export { joinExternalData };

/** Whether `bytes` begin like an ONNX file rather than a PyTorch one, or text. */
export function looksLikeOnnx(bytes: Uint8Array): boolean {
  // The first field of a ModelProto is its ir_version, a small number.
  return bytes[0] === 0x08 && !looksLikePytorch(bytes);
}

/**
 * The ONNX model `network` with the weights of the PyTorch state_dict `weights` put in the place of its own, by name.
 * @throws SealedError `invalid-argument` where they are not those of this network
 */
export function withStateDict(
  network: Uint8Array,
  weights: Uint8Array,
  files: ExternalFiles = {},
): Uint8Array {
  const model = decodeModel(joinExternalData(network, files));
  const parts = new Set(model.graph?.initializer.map(({ name }) => name.split('.')[0]));
  const left = readStateDict(weights, (part) => parts.has(part));
  for (const tensor of model.graph?.initializer ?? []) {
    const own = left.get(tensor.name);
    if (!own) continue;
    const dims = tensor.dims.map(Number);
    if (dims.length !== own.shape.length || dims.some((size, axis) => size !== own.shape[axis])) {
      throw invalid(
        `'${printable(tensor.name)}' is ${own.shape.join('×')} in the state_dict and ${dims.join('×')} in the ONNX model: they are not of one network.`,
      );
    }
    left.delete(tensor.name);
    // Counters and the like are no weights.
    if (tensor.dataType !== FLOAT) continue;
    tensor.rawData = new Uint8Array(new Float32Array(own.data).buffer);
    tensor.floatData = [];
  }
  const [missing] = [...left.keys()].filter((name) => !name.endsWith('num_batches_tracked'));
  if (missing !== undefined) {
    throw invalid(
      `The ONNX model has no weight named '${printable(missing)}'. Export it so that it keeps PyTorch's names: torch.onnx.export(model, x, 'network.onnx', do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE, dynamo=False).`,
    );
  }
  return toBinary(ModelProtoSchema, model);
}

const FLOAT = 1;

function invalid(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'model' });
}
