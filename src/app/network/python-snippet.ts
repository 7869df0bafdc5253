// A network as the Python that makes such a file: its layers where PyTorch has them by name, and how it is exported.
import type { Activation, Graph, Node, Shape } from '../../model/graph.ts';

/** `(2, 1)`, or `2` where both are the same. */
function pair([first, second]: readonly number[]): string {
  return first === second ? String(first) : `(${first}, ${second})`;
}

/** `name(first, second, key=value)`, without what is PyTorch's own default. */
function call(
  name: string,
  first: readonly (string | number)[],
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const named = Object.entries(more).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return `nn.${name}(${[...first, ...named].join(', ')})`;
}

const unless = (isDefault: boolean, value: string): string | undefined => (isDefault ? undefined : value);
const isAll = (values: readonly number[], value: number): boolean => values.every((one) => one === value);

/** PyTorch's padding, where it is the same before and after. */
function padding(pads: readonly number[]): string | undefined {
  return unless(isAll(pads, 0), pair([pads[0], pads[1]]));
}

const isEven = ([top, left, bottom, right]: readonly number[]): boolean => top === bottom && left === right;

const ACTIVATIONS: Readonly<Partial<Record<Activation['kind'], string>>> = {
  relu: 'nn.ReLU()',
  sigmoid: 'nn.Sigmoid()',
  tanh: 'nn.Tanh()',
};

/** The layer as a call of PyTorch's; undefined where it has no plain one. */
function layerOf(node: Node, inputShape: Shape | undefined): string | undefined {
  switch (node.op) {
    case 'conv2d': {
      if (!isEven(node.pads)) return undefined;
      const [outputs, inputs, ...kernel] = node.weight.shape;
      return call('Conv2d', [inputs * node.groups, outputs, pair(kernel)], {
        stride: unless(isAll(node.strides, 1), pair(node.strides)),
        padding: padding(node.pads),
        dilation: unless(isAll(node.dilations, 1), pair(node.dilations)),
        groups: unless(node.groups === 1, String(node.groups)),
        bias: unless(node.bias !== undefined, 'False'),
      });
    }
    case 'convTranspose2d': {
      if (!isEven(node.pads) || node.groups !== 1) return undefined;
      const [inputs, outputs, ...kernel] = node.weight.shape;
      return call('ConvTranspose2d', [inputs, outputs, pair(kernel)], {
        stride: unless(isAll(node.strides, 1), pair(node.strides)),
        padding: padding(node.pads),
        bias: unless(node.bias !== undefined, 'False'),
      });
    }
    case 'linear': {
      const [outputs, inputs] = node.weight.shape;
      return call('Linear', [inputs, outputs], { bias: unless(node.bias !== undefined, 'False') });
    }
    case 'averagePool':
    case 'maxPool': {
      if (!isEven(node.pads)) return undefined;
      return call(node.op === 'maxPool' ? 'MaxPool2d' : 'AvgPool2d', [pair(node.kernel)], {
        stride: unless(pair(node.strides) === pair(node.kernel), pair(node.strides)),
        padding: padding(node.pads),
      });
    }
    case 'reshape':
      return node.shape.length === 1 && inputShape !== undefined && inputShape.length > 1
        ? 'nn.Flatten()'
        : undefined;
    case 'square':
      return 'Square()';
    case 'activation': {
      const { function: fn } = node;
      return fn.kind === 'leakyRelu' ? `nn.LeakyReLU(${fn.slope})` : ACTIVATIONS[fn.kind];
    }
    default:
      return undefined;
  }
}

const SQUARE = ['class Square(nn.Module):', '    def forward(self, x):', '        return x * x', '', ''];

/** What stands where a network is more than a chain of layers with names of PyTorch's. */
const OWN = [
  '# Your network goes here: this one is more than a chain of layers that PyTorch has by name.',
  'model = ...',
];

/**
 * Python that makes a file like this one, with weights of its own, and the input beside it.
 * @param fileName what the file is called
 */
export function pythonSnippet({ input, nodes }: Graph, fileName: string): string {
  const name = fileName.replace(/\.\w+$/, '');
  const shapes = new Map([[input.id, input.shape], ...nodes.map(({ id, shape }) => [id, shape] as const)]);
  const isChain = nodes.every(
    ({ inputs }, i) => inputs.length === 1 && inputs[0] === (nodes[i - 1]?.id ?? input.id),
  );
  const layers = nodes.map((node) => layerOf(node, shapes.get(node.inputs[0])));
  const isNamed = isChain && layers.every((layer) => layer !== undefined);
  const model = isNamed ? ['model = nn.Sequential(', ...layers.map((layer) => `    ${layer},`), ')'] : OWN;
  const shape = ['1', ...input.shape.map(String)].join(', ');
  return [
    'import numpy as np',
    'import torch',
    'from torch import nn',
    '',
    '',
    ...(isNamed && layers.includes('Square()') ? SQUARE : []),
    ...model,
    '# Train it, or load its weights:',
    '# model.load_state_dict(torch.load("weights.pt"))',
    '',
    'model.eval()',
    `torch.onnx.export(model, torch.zeros(${shape}), "${name}.onnx", opset_version=13)`,
    '',
    '# Inputs, several along the first axis:',
    `inputs = np.random.rand(10, ${input.shape.join(', ')}).astype(np.float32)`,
    `np.save("${name}-input.npy", inputs)`,
    '',
    '# On the command line:',
    `#   sealed-qr model plan ${name}.onnx`,
    `#   sealed-qr model run ${name}.onnx --input ${name}-input.npy --save outputs.npy`,
    '',
  ].join('\n');
}
