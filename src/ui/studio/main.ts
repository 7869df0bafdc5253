// Mounts the page.
import { mount } from 'svelte';
import App from './App.svelte';
import '../shared/fonts.css';
import '../shared/theme.css';
import '../shared/base.css';

mount(App, { target: document.getElementById('app')! });
