// Mounts the page of the study.
import '../../base/dispose-symbols.ts';
import { mount } from 'svelte';
import '../shared/fonts.css';
import '../shared/theme.css';
import '../shared/base.css';
import StudyPage from './StudyPage.svelte';

mount(StudyPage, { target: document.getElementById('app')! });
