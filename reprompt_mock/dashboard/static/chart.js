// Clocks that tick between events, and charts: counts under the pointer, and the line of now that is dragged forward.

import { call } from './link.js';
import { say } from './forms.js';

const WIDTH = 1000;
const SECOND = 1e6; // Times are in microseconds.
const seen = new WeakMap();

const shown = (moment) => new Date(moment / 1000).toISOString().slice(0, 19).replace('T', ' ');

function nowOf(element) {
  const { now, speed } = element.dataset;
  const stamp = `${now} ${speed}`;
  if (seen.get(element)?.stamp !== stamp) seen.set(element, { stamp, at: performance.now() });
  return Number(now) + (performance.now() - seen.get(element).at) * 1000 * Number(speed);
}

export function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll('time[data-now]')) {
    const text = shown(nowOf(time));
    if (Number(time.dataset.speed) && time.textContent !== text) time.textContent = text;
  }
  for (const chart of document.querySelectorAll('.chart:not([data-dragging])')) {
    const share = shareOf(chart, nowOf(chart));
    draw(chart, share);
    chart.querySelector('.scrub').value = share * WIDTH;
  }
}

function shareOf({ dataset }, moment) {
  return Math.min(Math.max((moment - dataset.first) / Math.max(dataset.last - dataset.first, 1), 0), 1);
}

const momentOf = ({ dataset }, share) => Number(dataset.first) + (dataset.last - dataset.first) * share;

function draw(chart, share) {
  const x = (share * WIDTH).toFixed(1);
  const line = chart.querySelector('.now');
  if (line.getAttribute('x1') === x) return;
  line.setAttribute('x1', x);
  line.setAttribute('x2', x);
  chart.querySelector('.future').setAttribute('x', x);
  chart.querySelector('.future').setAttribute('width', (WIDTH - x).toFixed(1));
}

export function hover(svg, event) {
  const chart = svg.closest('.chart');
  const { left, width } = svg.getBoundingClientRect();
  read(chart, Math.min(Math.max((event.clientX - left) / width, 0), 1));
}

function read(chart, share) {
  const rows = chart.querySelectorAll('.moments tbody tr');
  const [at, ...counts] = rows[Math.round(share * (rows.length - 1))].children;
  const names = [...chart.querySelectorAll('.moments thead th')].slice(1).map((name) => name.textContent);
  const told = counts.map((count, position) => `${count.textContent} ${names[position]}`);
  chart.querySelector('.readout').textContent = `${at.textContent}: ${told.join(', ')}`;
  for (const end of ['x1', 'x2']) chart.querySelector('.hover').setAttribute(end, share * WIDTH);
}

export function drag(scrub) {
  const chart = scrub.closest('.chart');
  chart.dataset.dragging = '';
  draw(chart, scrub.value / WIDTH);
  scrub.setAttribute('aria-valuetext', shown(momentOf(chart, scrub.value / WIDTH)));
  read(chart, scrub.value / WIDTH);
}

export async function drop(scrub) {
  const chart = scrub.closest('.chart');
  const seconds = (momentOf(chart, scrub.value / WIDTH) - nowOf(chart)) / SECOND;
  try {
    if (seconds <= 0) say('Time does not go back.');
    else {
      const answer = await call(chart.dataset.advance, { method: 'POST', body: JSON.stringify({ seconds }) });
      chart.dataset.now = Date.parse((await answer.json()).now) * 1000;
      say(`Advanced by ${seconds.toFixed(1)} s.`);
    }
  } catch (error) {
    say(error.message, true);
  }
  delete chart.dataset.dragging;
  tick();
}
