// Layer lists for a state_dict: what `print(model)` shows in Python, read as data.
import { SealedError } from '../../base/errors.ts';
import type { Attribute, LayerSpec } from './modules.ts';

/** Names of the arguments that PyTorch's `repr` prints without a name. */
const POSITIONAL: Readonly<Record<string, readonly string[]>> = {
  Conv1d: ['in_channels', 'out_channels'],
  Conv2d: ['in_channels', 'out_channels'],
  ConvTranspose1d: ['in_channels', 'out_channels'],
  ConvTranspose2d: ['in_channels', 'out_channels'],
  BatchNorm1d: ['num_features'],
  BatchNorm2d: ['num_features'],
  InstanceNorm1d: ['num_features'],
  InstanceNorm2d: ['num_features'],
  LayerNorm: ['normalized_shape'],
  GroupNorm: ['num_groups', 'num_channels'],
  PixelUnshuffle: ['downscale_factor'],
  ZeroPad1d: ['padding'],
  ZeroPad2d: ['padding'],
  ReflectionPad1d: ['padding'],
  ReflectionPad2d: ['padding'],
  ReplicationPad1d: ['padding'],
  ReplicationPad2d: ['padding'],
};

/**
 * The layers that `print(model)` lists for an `nn.Sequential`, nested ones with their full path; JSON arrays of
 * {@link LayerSpec} are taken as they are. What PyTorch does not print (AvgPool2d's `ceil_mode` and `count_include_pad`) has
 * PyTorch's default; give JSON where it differs.
 * @throws SealedError `invalid-argument` for text that is neither.
 */
export function parseLayerList(text: string): LayerSpec[] {
  if (text.trimStart().startsWith('[')) return parseJson(text);
  const path: string[] = [];
  const layers: LayerSpec[] = [];
  for (const line of text.split('\n').slice(0, 20_000)) {
    const trimmed = line.trim();
    if (trimmed === '' || /^Sequential\($/.test(trimmed)) continue;
    if (trimmed === ')') {
      path.pop();
      continue;
    }
    const own = /^(\w+)\($/.exec(trimmed);
    if (own && layers.length === 0) throw ownClass(own[1]);
    const match = /^\((\w+)\): (\w+)\((.*?)(\)?)$/.exec(trimmed);
    if (!match) throw refused(`'${trimmed.slice(0, 60)}' is no line of print(model)`);
    const [, key, type, args, closing] = match;
    if (closing === '') {
      if (type !== 'Sequential' || args !== '') throw ownClass(type);
      path.push(key);
      continue;
    }
    layers.push({ type, name: [...path, key].join('.'), ...parseArguments(type, args) });
  }
  if (layers.length === 0) throw refused('it lists no layers');
  return layers;
}

function parseJson(text: string): LayerSpec[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new SealedError('invalid-argument', 'The layer list is no valid JSON.', { stage: 'model', cause });
  }
  const isLayer = (item: unknown): item is LayerSpec =>
    typeof item === 'object' && item !== null && 'type' in item && typeof item.type === 'string';
  if (!Array.isArray(list) || !list.every(isLayer)) {
    throw refused('it must be an array of objects with a "type" each');
  }
  return list;
}

/** `1, 8, kernel_size=(3, 3)` → named values. */
function parseArguments(type: string, text: string): Record<string, Attribute> {
  const parts = text.match(/(?:\([^()]*\)|[^,()])+/g) ?? [];
  const named: [string, Attribute][] = parts.map((part, i) => {
    const [, name, value] = /^\s*(?:(\w+)=)?(.*)$/s.exec(part) as unknown as [
      string,
      string | undefined,
      string,
    ];
    const key = name ?? POSITIONAL[type]?.[i] ?? `argument${i}`;
    return [key, parseLiteral(value.trim())];
  });
  return Object.fromEntries(named);
}

/** A Python literal: number, tuple, bool, None or a bare word. */
function parseLiteral(text: string): Attribute {
  if (text === 'True' || text === 'False') return text === 'True';
  if (text === 'None') return null;
  if (text.startsWith('(')) {
    return text
      .slice(1, -1)
      .split(',')
      .filter((item) => item.trim() !== '')
      .map((item) => parseLiteral(item.trim()));
  }
  const number = Number(text);
  return text !== '' && !Number.isNaN(number) ? number : text.replace(/^['"]|['"]$/g, '');
}

/** A class other than Sequential may call its layers in any order, and functions besides: its print does not say. */
function ownClass(type: string): SealedError {
  return new SealedError(
    'invalid-argument',
    `${type} runs its layers in its own code, which print(model) does not show, nor the functions that it calls between them, such as F.relu. ` +
      `If it runs them one after another, write Sequential( in place of ${type}( and a line for each function, such as (act): ReLU() or (flat): Flatten(); ` +
      "otherwise export it to ONNX: torch.onnx.export(model, x, 'model.onnx') with an input x.",
    { stage: 'model', detail: { operator: type } },
  );
}

function refused(text: string): SealedError {
  return new SealedError(
    'invalid-argument',
    `The layer list cannot be read: ${text}. Give what print(model) shows, or a JSON array of layers.`,
    { stage: 'model' },
  );
}
