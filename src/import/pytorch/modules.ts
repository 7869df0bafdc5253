// A saved nn.Sequential, or a state_dict with a layer list beside it → a flat list of layers with their tensors.
import { SealedError } from '../../base/errors.ts';
import type { Tensor } from '../../model/graph.ts';
import { printable } from '../file-text.ts';
import { asTensor } from './archive.ts';
import type { Archive } from './archive.ts';
import { dictionary, withoutPrefixes } from './checkpoint.ts';
import { withoutParametrisations } from './parametrised.ts';
import { PickleObject, PickleTuple } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';

/** A plain value of a layer's attribute. */
export type Attribute = null | boolean | number | string | readonly Attribute[];

/** One layer, in the order in which it runs. */
export interface TorchLayer {
  /** Path in the model, as in a state_dict: `0`, `features.3`. */
  readonly name: string;
  /** Class name without its module: `Conv2d`. */
  readonly type: string;
  /** Whether the class is PyTorch's own; otherwise only its name is known. */
  readonly ofTorch: boolean;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Parameters and buffers by name: `weight`, `bias`, `running_mean`, … */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** One entry of a layer list: the class name, its path (its position otherwise) and PyTorch's own argument names. */
export interface LayerSpec {
  readonly type: string;
  readonly name?: string;
  readonly [argument: string]: Attribute | undefined;
}

/** Most layers a model may have, and how deep they may be nested. */
const MAX_LAYERS = 10_000;
const MAX_DEPTH = 32;

/**
 * The layers of a saved module: nested Sequentials flattened.
 * @throws SealedError `unsupported-layer` for a container that runs its children in an unknown way.
 */
export function layersOfModule(archive: Archive, root: PickleObject): TorchLayer[] {
  const layers: TorchLayer[] = [];
  // Modules may be shared, so a small file can spell out a huge tree: each is read once, and the visits are bounded.
  const modules = new Map<PickleObject, Module>();
  let visits = 0;
  const visit = (value: PickleValue, path: string, depth: number): void => {
    if (++visits > MAX_LAYERS || depth > MAX_DEPTH) throw malformed('it nests too many layers');
    if (!(value instanceof PickleObject)) throw malformed(`its layer '${printable(path)}' is no module`);
    const module = modules.get(value) ?? readModule(archive, value, path);
    modules.set(value, module);
    if (module.layer) layers.push({ ...module.layer, name: path || '0' });
    for (const [key, child] of module.children)
      visit(child, path ? `${path}.${printable(key)}` : printable(key), depth + 1);
  };
  visit(root, '', 0);
  return layers;
}

/** A Sequential's children, or a layer. */
interface Module {
  readonly children: readonly [string, PickleValue][];
  readonly layer?: Omit<TorchLayer, 'name'>;
}

function readModule(archive: Archive, { type, state }: PickleObject, path: string): Module {
  if (!(state instanceof Map)) throw malformed('a layer has no state');
  const ofTorch = type.module === 'torch' || type.module.startsWith('torch.nn.');
  const children = dictionary(state.get('_modules'))?.filter(([name]) => name !== 'parametrizations') ?? [];
  if (ofTorch && type.name === 'Sequential') return { children };
  if (children.length > 0) {
    throw new SealedError(
      'unsupported-layer',
      `Layer '${path || 'the model itself'}' is a ${printable(type.path)} with layers inside, and how it runs them is ` +
        "in its code, which the file does not hold: export it to ONNX, torch.onnx.export(model, x, 'model.onnx') with an input x.",
      { stage: 'model', detail: { layer: path, operator: printable(type.path) } },
    );
  }
  const tensors = [
    ...(dictionary(state.get('_parameters')) ?? []),
    ...(dictionary(state.get('_buffers')) ?? []),
  ];
  const layer = {
    type: printable(type.name),
    ofTorch,
    attributes: plainAttributes(state),
    tensors: withoutParametrisations(tensorsOf(archive, tensors)),
  };
  return { children: [], layer };
}

/**
 * The layers of `specs` with the tensors of a state_dict, which must all be used.
 * @throws SealedError `invalid-argument` where list and dictionary do not go together.
 */
export function layersOfStateDict(
  archive: Archive,
  given: readonly (readonly [string, PickleValue])[],
  specs: readonly LayerSpec[],
): TorchLayer[] {
  const names = specs.map((spec, index) => spec.name ?? String(index));
  const parts = new Set(names.map((name) => name.split('.')[0]));
  const entries = withoutPrefixes(given, (part) => parts.has(part));
  const used = new Set<string>();
  const layers = specs.map((spec, index): TorchLayer => {
    const name = names[index];
    const own = entries.flatMap(([key, value]): [string, PickleValue][] => {
      const rest = key.startsWith(`${name}.`) ? key.slice(name.length + 1) : '.';
      if (rest.includes('.') && !rest.startsWith('parametrizations.')) return [];
      used.add(key);
      return [[rest, value]];
    });
    const { type, name: _name, ...attributes } = spec;
    return {
      name,
      type: type.split('.').at(-1),
      ofTorch: true,
      attributes: Object.fromEntries(
        Object.entries(attributes).filter(([, value]) => value !== undefined),
      ) as Record<string, Attribute>,
      tensors: withoutParametrisations(tensorsOf(archive, own)),
    };
  });
  const left = entries.map(([key]) => key).filter((key) => !used.has(key));
  if (left.length > 0) {
    throw new SealedError(
      'invalid-argument',
      `The layer list names no layer for '${printable(left[0])}'${left.length > 1 ? ` and ${left.length - 1} more` : ''}.`,
      { stage: 'model' },
    );
  }
  return layers;
}

/** The tensors among `entries`. */
export function tensorsOf(
  archive: Archive,
  entries: readonly (readonly [string, PickleValue])[],
): Record<string, Tensor> {
  const tensors: [string, Tensor][] = [];
  for (const [name, value] of entries) {
    const view = asTensor(value);
    if (view) tensors.push([name, archive.read(view)]);
  }
  return Object.fromEntries(tensors);
}

/** Numbers, texts and tuples of a module's state. */
function plainAttributes(state: ReadonlyMap<PickleValue, PickleValue>): Record<string, Attribute> {
  const attributes: [string, Attribute][] = [];
  for (const [key, value] of state) {
    const plain = toPlain(value, 0);
    if (typeof key === 'string' && !key.startsWith('_') && plain !== undefined) attributes.push([key, plain]);
  }
  return Object.fromEntries(attributes);
}

function toPlain(value: PickleValue, depth: number): Attribute | undefined {
  if (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    typeof value === 'string'
  ) {
    return value;
  }
  const items = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : undefined;
  if (!items || items.length > 16 || depth > 2) return undefined;
  const plain = items.map((item) => toPlain(item, depth + 1));
  return plain.every((item) => item !== undefined) ? plain : undefined;
}

function malformed(text: string): SealedError {
  return new SealedError('malformed-model', `The file cannot be read as a PyTorch model: ${text}.`, {
    stage: 'model',
  });
}
