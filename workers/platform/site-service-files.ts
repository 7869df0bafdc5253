// Where the site has the files of its service. The package's build puts its own addresses in the place of this.
import kernelWasm from '../../wasm/build/kernel.wasm?url';

/** The kernel's absolute address. */
export const kernelFile: string = new URL(kernelWasm, location.href).href;

/** The absolute address of `path` of the site's `public/` folder. */
export function modelFile(path: string): string {
  return new URL(path, document.baseURI).href;
}
