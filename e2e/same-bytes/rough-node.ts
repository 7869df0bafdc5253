// The control in Node, by `node --import`: puts each module under rough/ in the place of its namesake.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const root = new URL('../../', import.meta.url).href;
const rough = new URL('rough/', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const namesake = found.url.replace(root, rough);
    const isReplaced = !found.url.startsWith(rough) && existsSync(new URL(namesake));
    return isReplaced ? { ...found, url: namesake } : found;
  },
});
