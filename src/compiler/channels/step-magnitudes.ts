// How large values get at each step of a channel program: what its scales and its error bound are chosen by.
import type { Tensor } from '../../model/graph.ts';
import type { Stage } from '../../plan/plan.ts';
import type { Magnitudes } from '../predict.ts';
import type { ChannelMap, Weight } from './channel-map.ts';
import type { Patches } from './channel-program.ts';
import type { Step } from './schedule.ts';

/** Values by channel and position. */
type Channels = readonly Float32Array[];

/** What each tap of the leading convolution reads at each position. */
function readTaps({ shape, taps, positions, strides }: Patches, input: Tensor): Channels {
  const [, height, width] = shape;
  const [rows, columns] = positions;
  return taps.map(({ channel, dy, dx }) => {
    const values = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row += 1) {
      const y = row * strides[0] + dy;
      if (y < 0 || y >= height) continue;
      for (let column = 0; column < columns; column += 1) {
        const x = column * strides[1] + dx;
        if (x < 0 || x >= width) continue;
        values[row * columns + column] = input.data[(channel * height + y) * width + x];
      }
    }
    return values;
  });
}

function addWeighted(sum: Float32Array, weight: Weight, values: Float32Array | undefined): void {
  if (typeof weight === 'number') {
    for (let p = 0; p < sum.length; p += 1) sum[p] += weight * (values ? values[p] : 1);
  } else {
    for (let p = 0; p < sum.length; p += 1) sum[p] += weight[p] * (values ? values[p] : 1);
  }
}

function applyMap({ rows, positions }: ChannelMap, values: Channels): Channels {
  return rows.map(({ terms, bias }) => {
    const sum = new Float32Array(positions);
    for (const { input, weight } of terms) addWeighted(sum, weight, values[input]);
    addWeighted(sum, bias, undefined);
    return sum;
  });
}

function largest(values: Channels): number {
  let most = 0;
  for (const channel of values) {
    for (let p = 0; p < channel.length; p += 1) most = Math.max(most, Math.abs(channel[p]));
  }
  return most;
}

/** Largest absolute value that each of `steps` reads over `samples`, and, as the last entry, that of the result. */
export function stepMagnitudes(
  steps: readonly Step[],
  patches: Patches,
  samples: readonly Tensor[],
): number[] {
  const most = Array<number>(steps.length + 1).fill(0);
  for (const sample of samples) {
    let values = readTaps(patches, sample);
    most[0] = Math.max(most[0], largest(values));
    steps.forEach((step, index) => {
      values =
        step.kind === 'square'
          ? values.map((channel) => channel.map((value) => value * value))
          : applyMap(step.map, values);
      most[index + 1] = Math.max(most[index + 1], largest(values));
    });
  }
  return most;
}

/** The magnitudes around each stage of a plan, one for each step, for its error bound. */
export function aroundStages(stages: readonly Stage[], most: readonly number[]): Magnitudes[] {
  return stages.map((stage, index) => {
    const input = most[index];
    const pair = { left: input, right: input };
    return { input, pairs: stage.kind === 'product' ? stage.pairs.map(() => pair) : [] };
  });
}
