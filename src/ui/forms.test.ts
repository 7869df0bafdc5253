// Every control of the pages is one that a browser does not fill in behind the page's back.
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const files = globSync(['src/ui/**/*.svelte', 'bench/page/**/*.svelte'], { cwd: root }).sort();

/** The opening tags of `element` in `text`, as written. */
function tagsOf(element: string, text: string): string[] {
  const starts = [...text.matchAll(new RegExp(`<${element}\\b`, 'g'))].map(({ index }) => index);
  // An attribute may hold an arrow function: the tag ends at a `>` outside of braces.
  return starts.map((start) => {
    let depth = 0;
    for (let at = start; ; at += 1) {
      if (text[at] === '{') depth += 1;
      else if (text[at] === '}') depth -= 1;
      else if (text[at] === '>' && depth === 0) return text.slice(start, at + 1);
      else if (text[at] === undefined) throw new Error(`<${element} has no end.`);
    }
  });
}

describe('forms', () => {
  it('all say autocomplete="off": without it, Back restores fields and the state knows nothing of it', () => {
    const forms = files.flatMap((file) =>
      tagsOf('form', readFileSync(resolve(root, file), 'utf8')).map((tag) => ({ file, tag })),
    );
    expect(forms.length).toBeGreaterThanOrEqual(3);
    expect(forms.filter(({ tag }) => !tag.includes('autocomplete="off"'))).toEqual([]);
  });

  it('hold every select, or it says so itself', () => {
    const outside = files.flatMap((file) => {
      const text = readFileSync(resolve(root, file), 'utf8');
      return tagsOf('form', text).length > 0 ? [] : tagsOf('select', text).map((tag) => ({ file, tag }));
    });
    expect(outside.length).toBeGreaterThan(0);
    expect(outside.filter(({ tag }) => !/autocomplete="off"|\{\.\.\.shared\}/.test(tag))).toEqual([]);
  });
});
