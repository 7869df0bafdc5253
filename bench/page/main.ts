// Mounts the benchmark page.
import '../../src/base/dispose-symbols.ts';
import { mount } from 'svelte';
import '../../src/ui/shared/fonts.css';
import '../../src/ui/shared/theme.css';
import '../../src/ui/shared/base.css';
import BenchPage from './BenchPage.svelte';

mount(BenchPage, { target: document.getElementById('app')! });
