// Mounts the lab page.
import '../../base/dispose-symbols.ts';
import { mount } from 'svelte';
import '../fonts.css';
import '../theme.css';
import '../base.css';
import LabPage from './LabPage.svelte';

mount(LabPage, { target: document.getElementById('app')! });
