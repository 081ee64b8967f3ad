// The dashboard: shows the page that the address names, and keeps it as the emulator is.

import { drag, drop, hover, tick } from './chart.js';
import { press, say, submit } from './forms.js';
import { Refusal, base, follow, keepToken } from './link.js';
import { changed, load, refresh } from './parts.js';

const [link, main, token, field] = ['link', 'page', 'token', 'token-field'].map((id) => document.getElementById(id));
const org = /^orgs\/[^/]+\//.exec(`${location.pathname.slice(base.length)}/`) ?? '';
let isLoaded = false;
const show = (state, text) => ([link.dataset.state, link.textContent] = [state, text]);

async function open() {
  try {
    await load();
    isLoaded = true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const way = Object.assign(document.createElement('a'), { href: base + org, textContent: org ? 'To its world' : 'To all worlds' });
    main.replaceChildren(`${error.message} `, way); // What it is about may come yet.
  }
}

async function opened() {
  const wasLost = link.dataset.state === 'lost';
  show('live', 'Live');
  [token.hidden, main.hidden] = [true, false];
  if (!isLoaded) await open();
  if (wasLost) changed('missed'); // What could not be renewed meanwhile.
  if (wasLost) say('The emulator answers again.');
}

function lost() {
  show('lost', 'Lost');
  say('The emulator does not answer. The page shows what it last knew, and tries again.', true);
}

async function run() {
  try {
    await follow(`${base}../${org}events`, { opened, lost, signalled: (kind) => (isLoaded ? changed(kind) : open()) });
  } catch (error) {
    error.status === 401 ? askForToken() : main.replaceChildren(error.message);
    show('refused', 'Refused');
  }
}

function askForToken() {
  document.getElementById('token-error').textContent = field.value && 'This is not the token.';
  [token.hidden, main.hidden] = [false, true];
  field.focus();
}

function on(type, selector, act) {
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found && type === 'submit') event.preventDefault();
    if (found) act(found, event);
  });
}

on('submit', '#token', () => keepToken(field.value) ?? run());
on('submit', 'form[data-send]', submit);
on('click', 'button[data-send], button[data-copy], button[data-save]', press);
on('pointermove', '.chart svg', hover);
on('input', '.scrub', drag);
on('change', '.scrub', drop);
document.addEventListener('visibilitychange', refresh);
new MutationObserver(tick).observe(main, { subtree: true, attributeFilter: ['data-now', 'data-first', 'data-last'] });
setInterval(() => document.hidden || tick(), 250);
run();
