// Where the site has the files of its client side. The package's build puts its own addresses in the place of this.
import zbarWasm from '../../node_modules/@undecaf/zbar-wasm/dist/zbar.wasm?url';
import sealWasm from '../../node_modules/node-seal/dist/seal_throws.wasm?url';
import zxingWasm from '../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm?url';
import clientKernelWasm from '../../wasm/build/client.wasm?url';
import clientScript from '../client.ts?worker&url';
import scanScript from '../scan.ts?worker&url';

// Asked for when a worker starts: a test may import this where there is no page.
const absolute = (url: string): string => new URL(url, location.href).href;

/** Absolute addresses of WebAssembly. */
export const clientFiles = {
  get seal() {
    return absolute(sealWasm);
  },
  get kernel() {
    return absolute(clientKernelWasm);
  },
  get zxing() {
    return absolute(zxingWasm);
  },
  get zbar() {
    return absolute(zbarWasm);
  },
};

/** Whether this page has a content security policy, which its client worker then insists on: the dev server's has none. */
export const hasPolicy: boolean = !import.meta.env.DEV;

/** Absolute addresses of the workers' scripts. */
export const clientScripts = {
  get client() {
    return absolute(clientScript);
  },
  get scan() {
    return absolute(scanScript);
  },
};
