// The picture worker: styles out of a person's picture. It is told of no key and no text.
import '../src/base/dispose-symbols.ts';
import { createPictureRole } from '../src/app/style/picture-role.ts';
import { serve } from './endpoint.ts';

serve(() => createPictureRole());
