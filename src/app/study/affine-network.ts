// Our network for the study's task, in closed form: each pixel is an affine function of its own module.
import { writeOnnx } from '../../import/onnx/write-onnx.ts';
import { gradientColour, type StudyStyle } from './gradients.ts';

/**
 * An ONNX file, `[1, 1, n, n]` to `[1, 3, n, n]`: dark colour + light · (1 − dark colour), exactly. 3·n² weights and as many
 * constants; the 1×1 convolution before them makes three channels of one. Nothing is trained.
 */
export function writeAffineNetwork(style: StudyStyle, modules: number): Uint8Array {
  const pixels = modules * modules;
  const dark = Float32Array.from({ length: 3 * pixels }, (_, i) => {
    const colour = gradientColour(style, (i % pixels) % modules, modules);
    return Math.round(colour[Math.floor(i / pixels)]) / 255;
  });
  const dims = [1, 3, modules, modules];
  return writeOnnx({
    opset: 13,
    input: { name: 'code', dims: [1, 1, modules, modules] },
    initializers: [
      { name: 'three', dims: [3, 1, 1, 1], data: [1, 1, 1] },
      { name: 'slope', dims, data: dark.map((x) => 1 - x) },
      { name: 'dark', dims, data: dark },
    ],
    nodes: [
      { op: 'Conv', inputs: ['code', 'three'], outputs: ['codes'] },
      { op: 'Mul', inputs: ['codes', 'slope'], outputs: ['light'] },
      { op: 'Add', inputs: ['light', 'dark'], outputs: ['picture'] },
    ],
    output: 'picture',
  });
}
