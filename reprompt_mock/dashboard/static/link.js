// The link to the emulator: requests with the token of this tab, and its events.

export const base = new URL('..', import.meta.url).pathname;
const KEPT = 'reprompt-mock-token';
const SHORTEST_WAIT = 250;
const LONGEST_WAIT = 2000;

export class Refusal extends Error {
  constructor(status, detail) {
    super(typeof detail === 'string' ? detail : 'Some values do not fit.');
    this.status = status;
    this.problems = Array.isArray(detail) ? detail : [];
  }
}

export const keepToken = (token) => sessionStorage.setItem(KEPT, token);
export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export async function call(path, { method = 'GET', body, headers = {}, signal } = {}) {
  const token = sessionStorage.getItem(KEPT);
  const sent = { ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (body !== undefined) sent['Content-Type'] = 'application/json';
  const answer = await fetch(path, { method, body, headers: sent, signal, cache: 'no-store' });
  if (answer.ok) return answer;
  const text = await answer.text();
  let detail = text;
  try {
    detail = JSON.parse(text).detail;
  } catch {
    // A proxy's own page, which is no JSON.
  }
  throw new Refusal(answer.status, detail);
}

async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split('\n\n');
    text = whole.pop();
    for (const block of whole) {
      yield Object.fromEntries(block.split('\n').map((line) => [line.split(':')[0], line.slice(line.indexOf(':') + 1).trim()]));
    }
  }
}

// Follows the events as long as somebody looks: a hidden tab needs no connection, and a browser has few for one host.
export async function follow(path, { opened, signalled, lost }) {
  let last;
  let wait = SHORTEST_WAIT;
  for (;;) {
    const stop = new AbortController();
    const leave = () => document.hidden && stop.abort();
    document.addEventListener('visibilitychange', leave);
    try {
      const headers = last ? { 'Last-Event-ID': last } : {};
      const answer = await call(path, { headers, signal: stop.signal });
      await opened();
      wait = SHORTEST_WAIT;
      for await (const event of eventsOf(answer.body)) {
        last = event.id || last;
        if (event.event) signalled(event.event, event.data ? JSON.parse(event.data).id : null);
      }
    } catch (error) {
      if (error instanceof Refusal && error.status < 500) throw error;
    } finally {
      document.removeEventListener('visibilitychange', leave);
    }
    lost();
    if (document.hidden) await shown();
    else await pause(wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

function shown() {
  return new Promise((done) => document.addEventListener('visibilitychange', done, { once: true }));
}
