// The packages that the project stands on: none with a known hole, each pinned, none that runs a script unasked.
//
// What is known is scripts/advisories.json, with its date, so that the gate says the same offline and every day.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './gates.ts';

interface Advisories {
  readonly date: string;
  readonly advisories: readonly {
    readonly package: string;
    readonly id: string;
    /** Versions: `>=1.0.0 <1.2.3`, several joined by ` || `. */
    readonly affected: string;
  }[];
  /** Holes that are there and do no harm here. */
  readonly accepted: readonly { readonly ids: readonly string[]; readonly reason: string }[];
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  /** Packages that have a script for installing, and whether it may run. */
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface LockedPackage {
  readonly version: string;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

const read = (path: string): unknown => JSON.parse(readFileSync(resolve(root, path), 'utf8'));
const advisories = read('scripts/advisories.json') as Advisories;
const manifest = read('package.json') as Manifest;
const lock = read('package-lock.json') as Lock;

/** Negative where `a` is the older: by its numbers, and a preview before its release. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => {
    const [numbers, preview] = version.split('+')[0].split(/-(.*)/);
    return [...numbers.split('.').map(Number), preview === undefined ? 1 : 0];
  });
  for (let at = 0; at < 4; at += 1) if (left[at] !== right[at]) return left[at] - right[at];
  return 0;
}

/** @throws Error for a range that is none */
function isAffected(version: string, affected: string): boolean {
  return affected.split('||').some((range) =>
    range
      .trim()
      .split(/\s+/)
      .every((bound) => {
        const [, relation, limit] = /^(<=|<|>=|>|=)(\d+\.\d+\.\d+(?:-\S+)?)$/.exec(bound) ?? [];
        if (limit === undefined) throw new Error(`"${bound}" is no bound.`);
        const order = compareVersions(version, limit);
        if (relation === '=') return order === 0;
        return relation.startsWith('<')
          ? order < 0 || (order === 0 && relation === '<=')
          : order > 0 || (order === 0 && relation === '>=');
      }),
  );
}

/** Each locked package but the project itself: its name, and what the lock says of it. */
function packagesOf({ packages }: Lock): [name: string, locked: LockedPackage][] {
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, locked]) => [path.split('node_modules/').at(-1), locked]);
}

/** `name@version id` for each known hole, accepted or not. */
function holes(locked: Lock, known: Advisories): string[] {
  return packagesOf(locked).flatMap(([name, { version }]) =>
    known.advisories
      .filter((advisory) => advisory.package === name && isAffected(version, advisory.affected))
      .map(({ id }) => `${name}@${version} ${id}`),
  );
}

/** Those of {@link holes} that are not accepted. */
function openHoles(locked: Lock, known: Advisories): string[] {
  const accepted = known.accepted.flatMap(({ ids }) => ids);
  return holes(locked, known).filter((hole) => !accepted.some((id) => hole.endsWith(` ${id}`)));
}

/** `name range` for each direct dependency whose version is not one. */
function loose({ dependencies, devDependencies }: Manifest): string[] {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} ${version}`);
}

/** Packages with a script for installing on which the manifest says nothing. */
function unasked(locked: Lock, { allowScripts }: Manifest): string[] {
  return packagesOf(locked)
    .filter(([name, { hasInstallScript }]) => hasInstallScript && !Object.hasOwn(allowScripts, name))
    .map(([name]) => name);
}

const planted = (name: string, locked: LockedPackage): Lock => ({
  packages: { '': { version: '0.1.0' }, [`node_modules/a/node_modules/${name}`]: locked },
});

describe(`dependencies, by what was known on ${advisories.date}`, () => {
  it('have no known hole but those that are accepted with a reason, and none is accepted that is gone', () => {
    expect(openHoles(lock, advisories)).toEqual([]);
    const present = holes(lock, advisories).map((hole) => hole.split(' ')[1]);
    expect(new Set(present)).toEqual(new Set(advisories.accepted.flatMap(({ ids }) => ids)));
    for (const { reason } of advisories.accepted) expect(reason.length).toBeGreaterThan(40);
  });

  it('would be found with one, however deep', () => {
    expect(openHoles(planted('vite', { version: '8.0.15' }), advisories)).toEqual([
      'vite@8.0.15 GHSA-fx2h-pf6j-xcff',
    ]);
    expect(openHoles(planted('vite', { version: '8.0.16' }), advisories)).toEqual([]);
    const unaccepted = { ...advisories, accepted: [] };
    expect(openHoles(planted('extract-zip', { version: '2.0.1' }), unaccepted)).toHaveLength(2);
  });

  it('are advised against for packages that are there, in ranges that can be read', () => {
    const names = new Set(packagesOf(lock).map(([name]) => name));
    expect(advisories.date).toMatch(/^\d{4}-\d\d-\d\d$/);
    for (const { package: name, affected, id } of advisories.advisories) {
      expect(names, id).toContain(name);
      expect(() => isAffected('1.0.0', affected), id).not.toThrow();
      expect(id).toMatch(/^(GHSA(-\w{4}){3}|CVE-\d{4}-\d+)$/);
    }
  });

  it.each([
    ['1.2.3', '<1.2.4', true],
    ['1.2.3', '<=1.2.3', true],
    ['1.2.3', '<1.2.3', false],
    ['1.10.0', '<1.9.0', false],
    ['2.0.0-beta.1', '<2.0.0', true],
    ['2.5.0', '>=1.0.0 <2.0.0 || >=2.4.0 <2.6.0', true],
    ['2.3.0', '>=1.0.0 <2.0.0 || >=2.4.0 <2.6.0', false],
  ])('%s in %s: %s', (version, range, expected) => {
    expect(isAffected(version, range)).toBe(expected);
  });

  it('are pinned to one version each', () => {
    expect(loose(manifest)).toEqual([]);
    const dependencies = { a: '^1.0.0', b: '1.x', c: 'latest', d: '1.0.0' };
    expect(loose({ ...manifest, dependencies, devDependencies: {} })).toEqual([
      'a ^1.0.0',
      'b 1.x',
      'c latest',
    ]);
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(lock.packages[`node_modules/${name}`].version, name).toBe(version);
    }
  });

  it('run no script when they are installed, but the one that brings Node', () => {
    expect(unasked(lock, manifest)).toEqual([]);
    expect(Object.entries(manifest.allowScripts).filter(([, isAllowed]) => isAllowed)).toEqual([
      ['node', true],
    ]);
    expect(unasked(planted('evil', { version: '1.0.0', hasInstallScript: true }), manifest)).toEqual([
      'evil',
    ]);
  });

  it('come from whatever registry is set up: the lock names no host', () => {
    expect(packagesOf(lock).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});
