// Clocks that tick between events, and charts: counts under the pointer, and the line of now that is dragged forward.

import { call, inWords } from './link.js';
import { say } from './forms.js';

const [WIDTH, SECOND, LATEST] = [1000, 1e6, Date.UTC(9999, 11, 31, 23, 59, 59)]; // Times come in microseconds.
const seen = new WeakMap();

const shown = (moment) => new Date(Math.min(moment / 1000, LATEST)).toISOString().slice(0, 19).replace('T', ' ');
const within = (share) => Math.min(Math.max(share, 0), 1);
const momentAt = ({ dataset }, share) => Number(dataset.first) + (dataset.last - dataset.first) * share;

function nowOf(element) {
  const { now, speed } = element.dataset;
  const stamp = `${now} ${speed}`;
  if (seen.get(element)?.stamp !== stamp) seen.set(element, { stamp, at: performance.now() });
  return Number(now) + (performance.now() - seen.get(element).at) * 1000 * Number(speed);
}

// A chart comes later than the clock above it, but its line of now must not.
const latest = () => Math.max(...[...document.querySelectorAll('[data-now]')].map(nowOf));

export function tick() {
  for (const time of document.querySelectorAll('time[data-now]')) {
    const text = shown(nowOf(time));
    if (Number(time.dataset.speed) && time.textContent !== text) time.textContent = text;
  }
  for (const chart of document.querySelectorAll('.chart:not([data-dragging])')) {
    const { first, last } = chart.dataset;
    const share = within((latest() - first) / Math.max(last - first, 1));
    draw(chart, share);
    chart.querySelector('.scrub').value = share * WIDTH;
  }
}

function draw(chart, share) {
  const x = (share * WIDTH).toFixed(1);
  for (const end of ['x1', 'x2']) chart.querySelector('.now').setAttribute(end, x);
  chart.querySelector('.future').setAttribute('x', x);
  chart.querySelector('.future').setAttribute('width', (WIDTH - x).toFixed(1));
}

export function hover(svg, { clientX }) {
  const { left, width } = svg.getBoundingClientRect();
  read(svg.closest('.chart'), within((clientX - left) / width));
}

function read(chart, share) {
  const rows = chart.querySelectorAll('.moments tbody tr');
  const [at, ...counts] = rows[Math.round(share * (rows.length - 1))].children;
  const names = [...chart.querySelectorAll('.moments thead th')].slice(1);
  const told = counts.map((count, position) => `${count.textContent} ${names[position].textContent}`);
  chart.querySelector('.readout').textContent = `${at.textContent}: ${told.join(', ')}`;
  for (const end of ['x1', 'x2']) chart.querySelector('.hover').setAttribute(end, share * WIDTH);
}

export function drag(scrub) {
  const [chart, share] = [scrub.closest('.chart'), scrub.value / WIDTH];
  chart.dataset.dragging = '';
  draw(chart, share);
  read(chart, share);
  scrub.setAttribute('aria-valuetext', shown(momentAt(chart, share)));
}

export async function drop(scrub) {
  const chart = scrub.closest('.chart');
  const seconds = (momentAt(chart, scrub.value / WIDTH) - latest()) / SECOND;
  try {
    if (seconds > 0) {
      await call(chart.dataset.advance, { method: 'POST', body: JSON.stringify({ seconds }) });
      chart.dataset.now = Number(chart.dataset.now) + seconds * SECOND;
    }
    say(seconds > 0 ? `Advanced by ${seconds.toFixed(1)} s.` : 'Time does not go back.');
  } catch (error) {
    say(inWords(error), true);
  }
  delete chart.dataset.dragging;
  tick();
}
