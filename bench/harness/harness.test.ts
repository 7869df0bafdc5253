// The public harness' stages in turn: labels as the float network's, a key that every stage has, randomness that none shares.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readNpy } from '../../src/import/numpy.ts';
import { executeGraph } from '../../src/model/execute.ts';
import {
  decryptAnswers,
  encryptInput,
  generateKeys,
  labelOf,
  outputsOf,
  StageSeeds,
  writeLabels,
} from './client.ts';
import { bytesIn, filesIn, InstanceFolders, PIXELS, readPixels } from './folders.ts';
import { compute } from './server.ts';
import { buildSubmission, networkOf } from './submission.ts';

const root = mkdtempSync(join(tmpdir(), 'harness-test-'));
afterAll(() => rmSync(root, { recursive: true }));
const models = new URL('../../public/models/', import.meta.url);

/** Drawn digits as the harness writes pictures: numbers of 0 to 1. */
function writePictures(folders: InstanceFolders): number {
  const { shape, data } = readNpy(readFileSync(new URL('digits-square-input.npy', models)));
  mkdirSync(dirname(folders.pixels), { recursive: true });
  const lines = Array.from({ length: shape[0] }, (_, i) =>
    [...data.slice(i * PIXELS, (i + 1) * PIXELS)].map((x) => (x * 0.3081 + 0.1307).toFixed(6)).join(' '),
  );
  writeFileSync(folders.pixels, `${lines.join('\n')}\n`);
  return shape[0];
}

describe('the harness', () => {
  it('gives the float network’s labels, stage by stage', { tags: ['long'] }, async () => {
    const folders = new InstanceFolders(root, 1);
    const count = writePictures(folders);
    buildSubmission(folders, 'square');
    await generateKeys(folders);
    await encryptInput(folders);
    expect(statSync(join(folders.secretKey, 'seed')).mode & 0o077).toBe(0);
    expect(bytesIn(folders.publicKeys)).toBeLessThan(20e6);
    const groups: number[] = [];
    await compute(folders, { evaluators: 1, together: 1 }, (group) => void groups.push(group));
    expect(groups.length).toBeGreaterThan(0);
    await decryptAnswers(folders);
    writeLabels(folders);
    const graph = networkOf('square');
    const float = readPixels(folders.pixels).map(
      (data) => executeGraph(graph, { shape: graph.input.shape, data }).data,
    );
    const labels = readFileSync(folders.predictions, 'utf8').trim().split('\n').map(Number);
    expect(labels).toEqual(float.map(labelOf));
    expect(labels).toHaveLength(count);
    outputsOf(folders).forEach((outputs, i) =>
      outputs.forEach((value, j) => expect(Math.abs(value - float[i][j])).toBeLessThan(0.01)),
    );
    // The same pictures again: what is sent has nothing in common with what was sent before.
    const [first] = filesIn(folders.upload);
    const before = readFileSync(first);
    await encryptInput(folders);
    const after = readFileSync(first);
    expect(
      after.subarray(100).filter((byte, i) => byte === before[100 + i]).length / after.length,
    ).toBeLessThan(0.01);
  });

  it('refuses pictures of another size', () => {
    const path = join(root, 'wrong.txt');
    writeFileSync(path, '0.5 0.5\n');
    expect(() => readPixels(path)).toThrow(/no picture of 784 pixels/);
    expect(() => new InstanceFolders(root, 4)).toThrow(RangeError);
  });
});

describe('the seeds of a stage', () => {
  it('begin with the key’s, and never come twice', () => {
    const bytes = (seeds: StageSeeds): string => {
      const seed = new Uint8Array(64);
      seeds.next().spend(seed);
      return Buffer.from(seed).toString('hex');
    };
    const [one, other] = [0, 1].map(() => new StageSeeds(new Uint8Array(64).fill(5)));
    expect(bytes(one)).toBe(bytes(other));
    expect(bytes(one)).not.toBe(bytes(other));
  });
});
