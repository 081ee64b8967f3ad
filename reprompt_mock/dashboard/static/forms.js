// Buttons and forms: each sends a body to the control API, and shows what it answered, field by field if it refused.

import { Refusal, call } from './link.js';
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
    if (copy) {
      await navigator.clipboard.writeText(document.getElementById(copy).textContent);
      say('Copied.');
    } else if (save) await download(save, name);
    else say(told(button, await (await call(to, { method: send, body })).text()));
  } catch (error) {
    say(error instanceof Refusal || copy ? error.message : 'The emulator does not answer.', true);
  }
}

export async function submit(form) {
  const { send, to, load: target, confirm: question } = form.dataset;
  if (question && !confirm(question)) return;
  clear(form);
  try {
    const body = target ? form.querySelector('[type=file]').files[0] : JSON.stringify(collected(form));
    const text = await (await call(target ?? to, { method: target ? 'PUT' : send, body })).text();
    say(target ? 'Restored.' : told(form, text));
    if (target || 'changed' in form.dataset) await load();
    else form.reset();
  } catch (error) {
    explain(form, error);
  }
}

function told({ dataset }, text) {
  const answer = text ? JSON.parse(text) : {};
  return (dataset.said || 'Done.').replace(/\{(\w+)\}/g, (_, key) => [answer[key]].flat().join(', '));
}

async function download(path, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await (await call(path)).blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  say(`Saved as ${name}.`);
}

// What was filled in, as JSON: the names of fields are paths.

function collected(form) {
  const body = {};
  for (const control of form.elements) {
    if (!control.name) continue;
    const text = control.value.trim();
    if ('changed' in form.dataset ? control.value === initial(control) : text === '') continue;
    const path = control.name.split('.');
    const last = path.pop();
    path.reduce((at, key) => (at[key] ??= {}), body)[last] = valueOf(control, text);
  }
  return body;
}

function initial(control) {
  return control.options ? [...control.options].find((option) => option.defaultSelected)?.value : control.defaultValue;
}

function valueOf(control, text) {
  if (control.dataset.type === 'text' || control.dataset.type === 'choice') return text;
  if (text === '') return null;
  if (control.dataset.type === 'json' || control.dataset.type === 'flag') {
    try {
      return JSON.parse(text);
    } catch {
      throw new Refusal(422, [{ loc: ['body', ...control.name.split('.')], msg: 'This is not JSON.' }]);
    }
  }
  const number = Number(text); // What JavaScript would round, or cannot read, is sent as it stands.
  return Number.isNaN(number) || (Number.isInteger(number) && !Number.isSafeInteger(number)) ? text : number;
}

function clear(form) {
  for (const place of form.querySelectorAll('.error')) place.textContent = '';
  for (const control of form.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
}

function explain(form, error) {
  const general = [];
  if (!(error instanceof Refusal)) general.push('The emulator does not answer.');
  else if (!error.problems.length) general.push(error.message);
  for (const { loc, msg } of error.problems ?? []) {
    const path = loc.slice(1);
    const places = path.map((_, position) => path.slice(0, path.length - position).join('.'));
    const control = places.map((place) => form.elements.namedItem(place)).find(Boolean);
    if (control) {
      control.setAttribute('aria-invalid', 'true');
      document.getElementById(`${control.id}-error`).textContent = msg;
    } else general.push(path.length ? `${path.join('.')}: ${msg}` : msg);
  }
  form.querySelector('[role=alert]').textContent = general.join(' ');
  form.querySelector('[aria-invalid]')?.focus();
}
