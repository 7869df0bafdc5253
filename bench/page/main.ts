// Mounts the benchmark page.
import '../../src/base/dispose-symbols.ts';
import { mount } from 'svelte';
import '../../src/ui/fonts.css';
import '../../src/ui/theme.css';
import '../../src/ui/base.css';
import BenchPage from './BenchPage.svelte';

mount(BenchPage, { target: document.getElementById('app')! });
