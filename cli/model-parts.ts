// A network that lies in several files: weights beside an ONNX model, a state_dict and the ONNX model of its network.
import { dirname, isAbsolute, join, normalize } from 'node:path';
import {
  externalFilesOf,
  joinExternalData,
  looksLikeOnnx,
  withStateDict,
} from '../src/import/model-parts.ts';
import { parsed, readBytes } from './files.ts';

/** A model file, and a layer list where one was given and is none of its parts. */
export interface ModelParts {
  readonly bytes: Uint8Array;
  /** The layer list's text. */
  readonly layers: string | undefined;
}

/**
 * The network in `file`, whole.
 * @param list the layers of a state_dict: a list, or the ONNX model of the network that its weights belong to
 * @throws FileError for a file that cannot be read, or that does not go with the others
 */
export async function readModelParts(
  file: string,
  list: string | undefined,
  readLayers: (path: string) => Promise<string>,
): Promise<ModelParts> {
  const bytes = await readBytes('The model', file);
  if (list === undefined) return { bytes: await whole(file, bytes), layers: undefined };
  const beside = await readBytes('The layer list', list);
  if (!looksLikeOnnx(beside)) return { bytes, layers: await readLayers(list) };
  const network = await whole(list, beside);
  return { bytes: parsed(list, () => withStateDict(network, bytes)), layers: undefined };
}

/** The ONNX model in `bytes` with the weights of the files beside it; other files as they are. */
async function whole(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  if (!looksLikeOnnx(bytes)) return bytes;
  const names = parsed(file, () => externalFilesOf(bytes));
  const found: [string, Uint8Array][] = [];
  for (const name of names) {
    const path = normalize(name);
    // A file may ask for any path: only those in the model's own folder, or below, are its parts.
    if (isAbsolute(path) || path.startsWith('..')) continue;
    found.push([name, await readBytes("The model's weights", join(dirname(file), path))]);
  }
  return found.length === 0 ? bytes : parsed(file, () => joinExternalData(bytes, Object.fromEntries(found)));
}
