// Mounts the component on the page.
import { mount } from 'svelte';
import { openSession } from 'sealed-qr';
import StyledCode from './StyledCode.svelte';

mount(StyledCode, {
  target: document.body,
  props: { session: openSession(), text: 'https://example.org', style: 'dots' },
});
