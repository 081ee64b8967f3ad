// Buttons and forms: each sends a body to the control API, and shows what it answered, field by field if it refused.

import { Refusal, call, inWords } from './link.js';
import { load } from './parts.js';

const said = document.getElementById('said');

export function say(text, isError = false) {
  said.textContent = text;
  said.classList.toggle('error', isError);
}

export async function press(button) {
  const { send, to, body, confirm: question, copy, save, name } = button.dataset;
  if (question && !confirm(question)) return;
  try {
    if (copy) await navigator.clipboard.writeText(document.getElementById(copy).textContent);
    if (save) download(await (await call(save)).blob(), name);
    say(copy ? 'Copied.' : save ? `Saved as ${name}.` : told(button, await (await call(to, { method: send, body })).text()));
  } catch (error) {
    say(copy ? error.message : inWords(error), true);
  }
}

export async function submit(form) {
  const { send, to, file, changed, confirm: question } = form.dataset;
  if (question && !confirm(question)) return;
  for (const place of form.querySelectorAll('.error')) place.textContent = '';
  for (const control of form.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
  try {
    const body = file === undefined ? JSON.stringify(collected(form)) : form.querySelector('[type=file]').files[0];
    say(told(form, await (await call(to, { method: send, body })).text()));
    form.reset();
    if (file !== undefined || changed !== undefined) await load();
  } catch (error) {
    explain(form, error);
  }
}

function told({ dataset }, text) {
  const answer = text ? JSON.parse(text) : {};
  return dataset.said.replace(/\{(\w+)\}/g, (_, key) => [answer[key]].flat().join(', '));
}

function download(blob, name) {
  const link = document.createElement('a');
  Object.assign(link, { href: URL.createObjectURL(blob), download: name }).click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// What was filled in, as JSON: the names of fields are paths.
function collected(form) {
  const body = {};
  for (const control of form.elements) {
    const text = control.value?.trim();
    const isLeft = form.dataset.changed === undefined ? text === '' : control.value === initial(control);
    if (!control.name || isLeft) continue;
    const path = control.name.split('.');
    const last = path.pop();
    path.reduce((at, key) => (at[key] ??= {}), body)[last] = valueOf(control, text);
  }
  return body;
}

const initial = ({ options, defaultValue }) =>
  options ? [...options].find((option) => option.defaultSelected)?.value : defaultValue;

function valueOf({ name, dataset }, text) {
  if (['text', 'choice'].includes(dataset.type)) return text;
  if (dataset.type === 'number') {
    const number = Number(text || NaN); // What JavaScript would round, or cannot read, is sent as it stands.
    return Number.isNaN(number) || Math.abs(number) > Number.MAX_SAFE_INTEGER ? text : number;
  }
  try {
    return JSON.parse(text || 'null');
  } catch {
    throw new Refusal(422, [{ loc: ['body', ...name.split('.')], msg: 'This is not JSON.' }]);
  }
}

function explain(form, error) {
  const general = error.problems?.length ? [] : [inWords(error)];
  for (const { loc, msg } of error.problems ?? []) {
    const path = loc.slice(1);
    const places = path.map((_, position) => path.slice(0, path.length - position).join('.'));
    const control = places.map((place) => form.elements.namedItem(place)).find(Boolean);
    if (control) document.getElementById(`${control.id}-error`).textContent = msg;
    else general.push(`${path.join('.')}: ${msg}`.replace(/^: /, ''));
    control?.setAttribute('aria-invalid', 'true');
  }
  form.querySelector('[role=alert]').textContent = general.join(' ');
  form.querySelector('[aria-invalid]')?.focus();
}
