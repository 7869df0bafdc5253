// Twelve pictures of all sorts, drawn here: what a style out of a picture is tried on.
import { emptyRaster, type Raster } from '../src/base/raster.ts';
import { type Random, seededRandom } from '../src/base/seeded-random.ts';
import { paintField } from '../src/style/drawing/brushwork.ts';
import { fractalNoise } from '../src/style/drawing/noise.ts';
import { clamp01, type Colour, hex, mix, shade, smoothStep } from '../src/style/drawing/shapes.ts';

/** The colour at a place: 0 … 1 from the left, and from the top in widths. */
type Drawing = (u: number, v: number) => Colour;

const WIDTH = 480;
const HEIGHT = 360;

function drawn(drawing: Drawing): Raster {
  const raster = emptyRaster(WIDTH, HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i += 1) {
    const colour = drawing((i % WIDTH) / WIDTH, Math.floor(i / WIDTH) / WIDTH);
    for (let c = 0; c < 3; c += 1) raster.data[3 * i + c] = Math.round(255 * clamp01(colour[c]));
  }
  return raster;
}

/** Light falling from one side, and a lens's grain: what makes a drawing a photograph. */
function photographed(drawing: Drawing, random: Random): Drawing {
  return (u, v) => shade(drawing(u, v), 0.86 + 0.2 * u, 0.04 * (random() - 0.5));
}

const landscape: Drawing = (u, v) => {
  const ridge = 0.36 + 0.16 * (fractalNoise(6 * u, 0, 3, 4) - 0.5);
  const near = 0.54 + 0.2 * (fractalNoise(4 * u, 7, 9, 4) - 0.5);
  const sky = mix(hex('#3f6fae'), hex('#f3c98b'), smoothStep(0, 0.42, v));
  const hill = mix(hex('#5c6f8e'), hex('#8797a8'), fractalNoise(30 * u, 30 * v, 5, 3));
  const meadow = mix(hex('#2f4a1f'), hex('#7d8a35'), fractalNoise(40 * u, 90 * v, 6, 4));
  return v > near ? meadow : v > ridge ? hill : sky;
};

const portrait: Drawing = (u, v) => {
  const [x, y] = [u - 0.5, v - 0.36];
  const face = smoothStep(0.2, 0.19, Math.sqrt(1.6 * x * x + y * y));
  const hair = smoothStep(0.26, 0.25, Math.sqrt(1.3 * x * x + (y + 0.05) * (y + 0.05)));
  const skin = mix(hex('#e0b08d'), hex('#8d5a42'), smoothStep(-0.15, 0.2, x));
  const look = Math.min(Math.abs(x - 0.06), Math.abs(x + 0.06)) < 0.016 && Math.abs(y + 0.02) < 0.012;
  const coat = v > 0.58 ? hex('#27344f') : hex('#b9b3a4');
  return mix(mix(coat, hex('#2c1d15'), hair), look ? hex('#15100e') : skin, face);
};

const woodcut: Drawing = (u, v) => {
  const crest = 0.3 + 0.12 * (fractalNoise(3 * u, 1, 21, 2) - 0.5) + 0.1 * u;
  const lines = Math.floor(60 * (v - crest) + 3 * fractalNoise(8 * u, 4 * v, 22, 2)) % 2 === 0;
  if (v < crest) return mix(hex('#e9d9b4'), hex('#c9b68a'), smoothStep(0, 0.4, v));
  return lines ? hex('#1d3a66') : hex('#dfe3da');
};

const map: Drawing = (u, v) => {
  const height = fractalNoise(5 * u, 5 * v, 31, 5);
  const road = Math.abs(fractalNoise(3 * u, 3 * v, 35, 2) - 0.5) < 0.008;
  if (road) return hex('#c4402f');
  if (height < 0.44) return hex('#a9cbe0');
  return Math.abs(((20 * height) % 1) - 0.5) < 0.06 ? hex('#9a8863') : hex('#e8e4cf');
};

const page: Drawing = (u, v) => {
  const line = (v * 36) % 1;
  const isText = u > 0.1 && u < 0.9 - 0.4 * (fractalNoise(Math.floor(v * 36), 0, 41, 1) > 0.7 ? 1 : 0);
  const stroke = fractalNoise(u * 130, Math.floor(v * 36) * 7 + 4 * line, 42, 2) > 0.52;
  return isText && line > 0.3 && line < 0.75 && stroke ? hex('#222222') : hex('#fbfaf6');
};

const night: Drawing = (u, v) => {
  const star = fractalNoise(90 * u, 90 * v, 51, 1) > 0.97 ? 0.8 : 0;
  return shade(mix(hex('#06070f'), hex('#1c1f3a'), fractalNoise(4 * u, 4 * v, 52, 4)), 1, star);
};

const fog: Drawing = (u, v) =>
  mix(hex('#c3c7c9'), hex('#a9b0b3'), smoothStep(0.3, 0.6, v + 0.1 * fractalNoise(5 * u, 5 * v, 61, 3)));

function circles(random: Random): Drawing {
  const colours = ['#e63946', '#f1faee', '#a8dadc', '#457b9d', '#1d3557', '#ffb703', '#2a9d8f'].map(hex);
  const all = Array.from({ length: 260 }, () => ({
    x: random(),
    y: 0.75 * random(),
    r: 0.01 + 0.05 * random() * random(),
    colour: colours[Math.floor(colours.length * random())],
  }));
  return (u, v) =>
    all.findLast(({ x, y, r }) => (u - x) * (u - x) + (v - y) * (v - y) < r * r)?.colour ?? hex('#f6f1e7');
}

/** The pictures by what they are. */
export function samplePictures(): ReadonlyMap<string, Raster> {
  const random = seededRandom(2611);
  const palette = ['#23395b', '#406e8e', '#8ea8c3', '#cbf7ed', '#e8c547', '#d1603d', '#5c415d'].map(hex);
  const canvas = paintField({ palette, relief: 0.15, seed: 12 });
  const drawings: readonly (readonly [string, Drawing])[] = [
    ['landscape', photographed(landscape, random)],
    ['portrait', photographed(portrait, random)],
    ['painting', (u, v) => canvas(40 * u, 40 * v)],
    ['woodcut', woodcut],
    ['map', map],
    ['page', page],
    ['plain', () => hex('#7fa7a0')],
    ['noise', () => [random(), random(), random()]],
    ['night', night],
    ['fog', fog],
    ['circles', circles(random)],
    [
      'checker',
      (u, v) => ((Math.floor(24 * u) + Math.floor(24 * v)) % 2 === 0 ? hex('#111111') : hex('#ffffff')),
    ],
  ];
  return new Map(drawings.map(([name, drawing]) => [name, drawn(drawing)]));
}
