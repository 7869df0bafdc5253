// Mounts the benchmark page.
import { mount } from 'svelte';
import '../../src/ui/fonts.css';
import '../../src/ui/theme.css';
import '../../src/ui/base.css';
import BenchPage from './BenchPage.svelte';

mount(BenchPage, { target: document.getElementById('app')! });
