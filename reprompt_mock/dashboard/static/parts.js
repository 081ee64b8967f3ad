// The page and its parts: fetched as HTML, and changed in place, so that focus, selection and scrolling stay.

import { Refusal, base, call, pause } from './link.js';

const REST = 12; // It rests twelve times as long as it worked, so that a busy emulator is left alone,
const [CREDIT, MOST] = [600, 50]; // once it owes 600 milliseconds of rest; of each work 50 count at most.
const OWN = new Set(['open', 'data-dragging']); // What the person at the page has set.
const [stale, busy] = [new Set(), new Set()]; // Parts, and lanes of parts.
const owed = new Map(); // Until when each lane would rest if it had no credit.

const main = document.getElementById('page');
const address = `${base}fragments/${location.pathname.slice(base.length)}`;
const parsed = (html) => new DOMParser().parseFromString(html, 'text/html').body;

export async function load() {
  const html = await (await call(address + location.search)).text();
  main.replaceChildren(...parsed(html).childNodes);
  main.setAttribute('aria-busy', 'false');
  document.title = `${main.querySelector('h1').textContent} · reprompt-mock`;
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  for (const part of main.querySelectorAll('[data-late]')) stale.add(part);
  refresh();
}

export function changed(kind) {
  for (const part of main.querySelectorAll('[data-part]')) {
    if (kind === 'missed' || part.dataset.kinds.split(' ').includes(kind)) stale.add(part);
  }
  refresh();
}

const laneOf = (part) => ('late' in part.dataset ? part : 'soon');
const isDue = (part, lane) => laneOf(part) === lane && stale.delete(part) && part.isConnected;
const take = (lane) => (document.hidden ? [] : [...stale].filter((part) => isDue(part, lane)));

// Parts that take long are renewed one by one, the others together.
export function refresh() {
  for (const part of stale) if (!busy.has(laneOf(part))) keep(laneOf(part));
}

async function keep(lane) {
  busy.add(lane);
  for (let due = take(lane); due.length; due = take(lane)) {
    const began = performance.now();
    await renew(due);
    const ended = performance.now();
    owed.set(lane, Math.max(owed.get(lane) ?? 0, began) + REST * Math.min(ended - began, MOST));
    await pause(owed.get(lane) - ended - CREDIT);
  }
  busy.delete(lane);
}

async function renew(parts) {
  const query = new URLSearchParams(location.search);
  for (const part of parts) query.append('part', part.dataset.part);
  try {
    const fresh = parsed(await (await call(`${address}?${query}`)).text());
    for (const part of parts) morphChildren(part, fresh.querySelector(`:scope > #${part.dataset.part}`));
  } catch (error) { // If the link is lost, all parts are renewed once it is back.
    if (error instanceof Refusal) for (const part of parts) part.textContent = error.message;
  }
}

const alike = (one, other) => one.nodeName === other.nodeName && (one.id ?? '') === (other.id ?? '');

function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OWN.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    if (wanted.nodeType === Node.ELEMENT_NODE) while (at?.nodeType === Node.TEXT_NODE) [at] = [at.nextSibling, at.remove()];
    const found = wanted.id ? named.get(wanted.id) : at;
    const isKept = found && alike(found, wanted);
    if (found === at && isKept) at = at.nextSibling;
    else old.insertBefore(isKept ? found : wanted, at);
    if (isKept) morph(found, wanted);
  }
  while (at) [at] = [at.nextSibling, at.remove()];
}
