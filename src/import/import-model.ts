// One door for model files: ONNX and PyTorch told apart by their first bytes.
import type { Graph } from '../model/graph.ts';
import { importOnnx } from './onnx/import-onnx.ts';
import type { OnnxImportOptions } from './onnx/import-onnx.ts';
import { importPytorch, looksLikePytorch } from './pytorch/import-pytorch.ts';
import type { PytorchImportOptions } from './pytorch/import-pytorch.ts';

/** Options of {@link importModel}: what either format may need; the rest is ignored. */
export type ModelImportOptions = OnnxImportOptions & PytorchImportOptions;

/**
 * Reads a `.onnx`, `.pt` or `.pth` file into a graph over one sample.
 * @throws SealedError as {@link importOnnx} and {@link importPytorch} do.
 */
export function importModel(bytes: Uint8Array, options: ModelImportOptions = {}): Graph {
  return looksLikePytorch(bytes) ? importPytorch(bytes, options) : importOnnx(bytes, options);
}
