// Mounts the lab page.
import '../../base/dispose-symbols.ts';
import { mount } from 'svelte';
import '../shared/fonts.css';
import '../shared/theme.css';
import '../shared/base.css';
import LabPage from './LabPage.svelte';

mount(LabPage, { target: document.getElementById('app')! });
