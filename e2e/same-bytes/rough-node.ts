// The control in Node, by `node --import`: puts the rough sine in the place of the exact one.
import { registerHooks } from 'node:module';

const EXACT = '/src/base/exact-math/sine.ts';

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const isExact = found.url.endsWith(EXACT) && !found.url.includes('/rough/');
    return isExact ? { ...found, url: new URL(`rough${EXACT}`, import.meta.url).href } : found;
  },
});
