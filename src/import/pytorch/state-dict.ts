// The weights of a state_dict by name, for a network that is known otherwise.
import type { Tensor } from '../../model/graph.ts';
import { openArchive } from './archive.ts';
import { dictionary, findCheckpoint, withoutPrefixes } from './checkpoint.ts';
import { tensorsOf } from './modules.ts';
import { withoutParametrisations } from './parametrised.ts';
import { PickleObject } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';

/**
 * The tensors in a `.pt`, `.pth` or `.safetensors` file.
 * @param isKnown whether a name of the network begins with this part
 * @throws SealedError as `openArchive` does
 */
export function readStateDict(bytes: Uint8Array, isKnown: (part: string) => boolean): Map<string, Tensor> {
  const archive = openArchive(bytes);
  const found = findCheckpoint(archive);
  const entries = found.kind === 'weights' ? found.entries : weightsOf(found.module, '');
  const named = withoutPrefixes(entries, isKnown);
  return new Map(Object.entries(withoutParametrisations(tensorsOf(archive, named))));
}

/** Parameters and buffers of a module and those within, by their names in a state_dict. */
function weightsOf({ state }: PickleObject, prefix: string): [string, PickleValue][] {
  if (!(state instanceof Map)) return [];
  const own = [...(dictionary(state.get('_parameters')) ?? []), ...(dictionary(state.get('_buffers')) ?? [])];
  const within = (dictionary(state.get('_modules')) ?? []).flatMap(([name, child]) =>
    child instanceof PickleObject ? weightsOf(child, `${prefix}${name}.`) : [],
  );
  return [...own.map(([name, value]): [string, PickleValue] => [prefix + name, value]), ...within];
}
