// The scan worker: correction and proof.
import '../src/base/dispose-symbols.ts';
import { createScanRole } from '../src/qr/scan-role.ts';
import { serve } from './endpoint.ts';

serve(({ zxing, zbar }) => createScanRole({ zxing: zxing!, zbar: zbar! }));
