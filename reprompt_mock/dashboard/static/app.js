// The dashboard: shows the page that the address names, and keeps it as the emulator is.

import { drag, drop, hover, tick } from './chart.js';
import { press, say, submit } from './forms.js';
import { Refusal, base, follow, keepToken } from './link.js';
import { changed, load, refresh } from './parts.js';

const TICK = 250;
const link = document.getElementById('link');
const main = document.getElementById('page');
const token = document.getElementById('token');
const org = /^orgs\/([^/]+)/.exec(location.pathname.slice(base.length));
const events = `${base.slice(0, -'ui/'.length)}${org ? `orgs/${org[1]}/` : ''}events`;
let isLoaded = false;

function show(state, text) {
  link.dataset.state = state;
  link.textContent = text;
}

async function opened() {
  const wasLost = link.dataset.state === 'lost';
  show('live', 'Live');
  if (wasLost) say('The emulator answers again.');
  if (!isLoaded) await first();
  else if (wasLost) changed(null);
}

async function first() {
  try {
    await load();
    isLoaded = true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    main.textContent = error.message; // What it is about may come yet.
  }
}

function signalled(kind) {
  if (!isLoaded) first();
  else changed(kind === 'missed' ? null : kind);
}

function lost() {
  if (document.hidden) return;
  show('lost', 'Lost');
  say('The emulator does not answer. The page tries again, and shows what it last knew.', true);
}

async function run() {
  try {
    await follow(events, { opened, lost, signalled });
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) askForToken();
    else {
      show('lost', 'Refused');
      main.textContent = error.message;
    }
  }
}

function askForToken() {
  const wasTried = !token.hidden;
  show('lost', 'No token');
  token.hidden = false;
  main.hidden = true;
  document.getElementById('token-error').textContent = wasTried ? 'This is not the token.' : '';
  document.getElementById('token-field').focus();
}

token.addEventListener('submit', (event) => {
  event.preventDefault();
  keepToken(document.getElementById('token-field').value);
  run().then(() => {});
});
new MutationObserver(() => {
  if (link.dataset.state === 'live') [token.hidden, main.hidden] = [true, false];
}).observe(link, { attributes: true });

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-send], button[data-copy], button[data-save]');
  if (button) press(button);
});
document.addEventListener('submit', (event) => {
  if (!event.target.matches('[data-send], [data-load]')) return;
  event.preventDefault();
  submit(event.target);
});
document.addEventListener('pointermove', (event) => {
  const svg = event.target.closest?.('.chart svg');
  if (svg) hover(svg, event);
});
document.addEventListener('input', (event) => event.target.matches('.scrub') && drag(event.target));
document.addEventListener('change', (event) => event.target.matches('.scrub') && drop(event.target));
document.addEventListener('visibilitychange', refresh);
setInterval(tick, TICK);
run();
