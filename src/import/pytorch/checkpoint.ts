// What people save with torch.save: a module, a state_dict, or a dictionary of many things with one of these among them.
import { SealedError } from '../../base/errors.ts';
import { printable } from '../file-text.ts';
import { asTensor } from './archive.ts';
import type { Archive } from './archive.ts';
import { PickleObject } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';

/** The network in a file: a module with its layers, or tensors by name. */
export type Checkpoint =
  | { readonly kind: 'module'; readonly module: PickleObject }
  | { readonly kind: 'weights'; readonly entries: readonly (readonly [string, PickleValue])[] };

/** Keys under which training scripts keep a network, the likeliest first. */
const KEYS = [
  'state_dict', 'model_state_dict', 'model_state', 'model', 'net', 'network', 'module', 'weights', 'params', 'ema',
  'ema_state_dict', 'model_ema', 'params_ema', 'generator', 'netG', 'g_ema', 'student', 'encoder',
] as const; // prettier-ignore

/** How deep a network may lie in dictionaries. */
const MAX_DEPTH = 4;

/**
 * The network in `archive`.
 * @throws SealedError `malformed-model` where there is none, `invalid-argument` where it cannot be told which
 */
export function findCheckpoint(archive: Archive): Checkpoint {
  const found = find(archive.root, 0);
  if (found) return found;
  // Layers without weights have an empty state_dict.
  if (archive.root instanceof Map && archive.root.size === 0) return { kind: 'weights', entries: [] };
  throw new SealedError(
    'malformed-model',
    'The file cannot be read as a PyTorch model: it holds neither a module nor a state_dict.',
    { stage: 'model' },
  );
}

function find(value: PickleValue, depth: number): Checkpoint | undefined {
  if (isModule(value)) return { kind: 'module', module: value };
  const entries = dictionary(value);
  if (!entries || depth > MAX_DEPTH) return undefined;
  if (entries.some(([, item]) => asTensor(item))) return { kind: 'weights', entries };
  for (const key of KEYS) {
    const entry = entries.find(([name]) => name === key);
    const inner = entry && find(entry[1], depth + 1);
    if (inner) return inner;
  }
  const others = entries.flatMap(([name, item]) => {
    // An optimiser keeps tensors, too.
    const inner = /optim|sched|scaler|loss/i.test(name) ? undefined : find(item, depth + 1);
    return inner ? [[name, inner] as const] : [];
  });
  if (others.length > 1) {
    const names = others
      .map(([name]) => `'${printable(name)}'`)
      .slice(0, 8)
      .join(', ');
    throw new SealedError(
      'invalid-argument',
      `The file holds several networks (${names}): save the one to run by itself, torch.save(checkpoint['${printable(others[0][0])}'], 'one.pt').`,
      { stage: 'model' },
    );
  }
  return others[0]?.[1];
}

function isModule(value: PickleValue): value is PickleObject {
  return value instanceof PickleObject && value.state instanceof Map && value.state.has('_modules');
}

/** The entries of a dictionary, or of an instance of a dictionary's class or a namespace; those with texts as keys. */
export function dictionary(value: PickleValue | undefined): [string, PickleValue][] | undefined {
  const map = value instanceof PickleObject ? (value.items.size > 0 ? value.items : value.state) : value;
  if (!(map instanceof Map)) return undefined;
  return [...map].filter((entry): entry is [string, PickleValue] => typeof entry[0] === 'string');
}

/**
 * `entries` without what wrappers put before every name (`module.`, Lightning's `model.`, `_orig_mod.`).
 * @param isKnown whether the layers that are asked for have a name that begins with such a part
 */
export function withoutPrefixes<Value>(
  entries: readonly (readonly [string, Value])[],
  isKnown: (part: string) => boolean,
): (readonly [string, Value])[] {
  const [first] = entries;
  const dot = first?.[0].indexOf('.') ?? -1;
  const part = first?.[0].slice(0, dot);
  if (dot < 0 || part === undefined || isKnown(part)) return [...entries];
  const isShared = entries.every(([name]) => name.startsWith(`${part}.`));
  // What only some names have is a part of the model: Lightning keeps a loss or a metric beside the network.
  if (!isShared) return [...entries];
  return withoutPrefixes(
    entries.map(([name, value]) => [name.slice(dot + 1), value] as const),
    isKnown,
  );
}
