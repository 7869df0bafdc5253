// Mounts the page.
import '../../base/dispose-symbols.ts';
import { mount } from 'svelte';
import App from './App.svelte';
import '../shared/fonts.css';
import '../shared/theme.css';
import '../shared/base.css';

mount(App, { target: document.getElementById('app')! });
