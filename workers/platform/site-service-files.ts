// Where the site has the files of its service. The package's build puts its own addresses in the place of this.
import kernelWasm from '../../wasm/build/kernel.wasm?url';
import compilerScript from '../compiler.ts?worker&url';
import evaluatorScript from '../evaluator.ts?worker&url';
import serviceScript from '../service.ts?worker&url';
import simulatorScript from '../simulator.ts?worker&url';

// Asked for when a worker starts: a test may import this where there is no page.
const absolute = (url: string): string => new URL(url, location.href).href;

/** The kernel's absolute address. */
export const serviceFiles = {
  get kernel() {
    return absolute(kernelWasm);
  },
};

/** Absolute addresses of the workers' scripts. */
export const serviceScripts = {
  get service() {
    return absolute(serviceScript);
  },
  get evaluator() {
    return absolute(evaluatorScript);
  },
  get compiler() {
    return absolute(compilerScript);
  },
  get simulator() {
    return absolute(simulatorScript);
  },
};

/** The absolute address of `path` of the site's `public/` folder. */
export function modelFile(path: string): string {
  return new URL(path, document.baseURI).href;
}
