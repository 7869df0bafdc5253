// PyTorch .pt and .pth files → the layer graph. The pickle is interpreted as data, never executed.
import { SealedError } from '../../base/errors.ts';
import type { Graph, Shape, ValueId } from '../../model/graph.ts';
import { GraphBuilder } from '../graph-builder.ts';
import { openArchive } from './archive.ts';
import { findCheckpoint } from './checkpoint.ts';
import { parseLayerList } from './layer-list.ts';
import { LayerScope } from './layer-scope.ts';
import { KNOWN_USER_LAYERS, suggestionForLayer, TORCH_LAYERS } from './layers.ts';
import { layersOfModule, layersOfStateDict } from './modules.ts';
import type { LayerSpec, TorchLayer } from './modules.ts';
import { looksLikeSafetensors } from './safetensors.ts';

/** Options of {@link importPytorch}. */
export interface PytorchImportOptions {
  /** Shape of one input without batch axis: PyTorch files do not hold it. A leading 1 before it is taken off. */
  readonly inputShape?: Shape;
  /** For a state_dict: its layers, as a list, as JSON, or as the text that `print(model)` shows. */
  readonly layers?: readonly LayerSpec[] | string;
  /** The graph's name. */
  readonly name?: string;
}

/**
 * Reads a whole `nn.Sequential`, or a state_dict with `options.layers`, in the legacy or the zip format. Node ids are the
 * layers' paths (`0`, `1`, …); `graph.layers` lists them all.
 * @throws SealedError `unsupported-layer` naming layer and class and what to use instead; `malformed-model` for damaged
 * files; `invalid-argument` where the input's shape or the layer list is missing.
 */
export function importPytorch(bytes: Uint8Array, options: PytorchImportOptions = {}): Graph {
  try {
    return buildGraph(readLayers(bytes, options), options);
  } catch (error) {
    if (error instanceof SealedError) throw error;
    throw new SealedError('malformed-model', 'The model contradicts itself and cannot be read.', {
      stage: 'model',
      cause: error,
    });
  }
}

/** Whether `bytes` begin like a PyTorch file: a zip archive, a legacy file's magic number, or safetensors. */
export function looksLikePytorch(bytes: Uint8Array): boolean {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const isPickle = bytes[0] === 0x80 && bytes[1] <= 5;
  return isZip || isPickle || looksLikeSafetensors(bytes);
}

function readLayers(bytes: Uint8Array, options: PytorchImportOptions): TorchLayer[] {
  const archive = openArchive(bytes);
  const found = findCheckpoint(archive);
  if (found.kind === 'module') return layersOfModule(archive, found.module);
  if (options.layers === undefined) {
    throw new SealedError(
      'invalid-argument',
      'The file holds a state_dict: weights without an architecture. Give its layers beside it, as print(model) shows them, ' +
        "or export the network with its weights to ONNX: torch.onnx.export(model, x, 'model.onnx') with an input x.",
      { stage: 'model' },
    );
  }
  const specs = typeof options.layers === 'string' ? parseLayerList(options.layers) : options.layers;
  return layersOfStateDict(archive, found.entries, specs);
}

function buildGraph(layers: readonly TorchLayer[], options: PytorchImportOptions): Graph {
  const builder = new GraphBuilder(
    options.name ?? 'pytorch',
    'input',
    inputShape(layers, options.inputShape),
  );
  let value: ValueId = 'input';
  layers.forEach((layer, index) => {
    const mark = builder.size;
    const added = builder.rename(addLayer(builder, layer, value), layer.name, mark);
    builder.mark({ index, name: layer.name, type: layer.type, output: added });
    value = added;
  });
  return builder.finish(value);
}

function addLayer(builder: GraphBuilder, layer: TorchLayer, input: ValueId): ValueId {
  const known = layer.ofTorch || KNOWN_USER_LAYERS.has(layer.type);
  const importer = known ? TORCH_LAYERS.get(layer.type) : undefined;
  const name = layer.ofTorch ? layer.type : `${layer.type} (a class of the model's own)`;
  const label = `Layer '${layer.name}', ${name}`;
  const detail = { layer: layer.name, operator: layer.type };
  builder.begin({ label, detail });
  try {
    if (!importer) {
      throw new SealedError('unsupported-layer', `not supported: ${suggestionForLayer(layer.type)}.`);
    }
    return importer(new LayerScope(builder, layer, input));
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    throw new SealedError(error.code, `${label}: ${error.message}`, { stage: 'model', detail, cause: error });
  }
}

/** The shape given, or the features of a first Linear layer. */
function inputShape(layers: readonly TorchLayer[], given: Shape | undefined): Shape {
  const first = layers[0];
  if (!first) throw new SealedError('malformed-model', 'The model has no layers.', { stage: 'model' });
  if (given) {
    const rank = /2d$/.test(first.type) ? 3 : /1d$/.test(first.type) ? 2 : given.length;
    return given.length === rank + 1 && given[0] === 1 ? given.slice(1) : given;
  }
  const weight = Object.hasOwn(first.tensors, 'weight') ? first.tensors.weight : undefined;
  if (first.type === 'Linear' && weight?.shape.length === 2) return [weight.shape[1]];
  throw new SealedError(
    'invalid-argument',
    'A PyTorch file does not say how large its input is: give the shape, for example 1×28×28.',
    { stage: 'model' },
  );
}
