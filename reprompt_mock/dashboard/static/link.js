// The link to the emulator: requests with the token of this tab, and its events.

export const base = new URL('..', import.meta.url).pathname;
const KEPT = 'reprompt-mock-token';
const [SHORTEST_WAIT, LONGEST_WAIT] = [250, 2000];

export class Refusal extends Error {
  constructor(status, detail) {
    super(typeof detail === 'string' ? detail : 'Some values do not fit.');
    this.status = status;
    this.problems = Array.isArray(detail) ? detail : [];
  }
}

export const keepToken = (token) => sessionStorage.setItem(KEPT, token);
export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
export const inWords = (error) => (error instanceof Refusal ? error.message : 'The emulator does not answer.');

export async function call(path, { method = 'GET', body, headers = {}, signal } = {}) {
  const token = sessionStorage.getItem(KEPT);
  const sent = new Headers(headers);
  if (token) sent.set('Authorization', `Bearer ${token}`);
  if (body !== undefined) sent.set('Content-Type', 'application/json');
  const answer = await fetch(path, { method, body, headers: sent, signal, cache: 'no-store' });
  if (answer.ok) return answer;
  const text = await answer.text(); // A proxy may answer with a page of its own.
  const isJson = answer.headers.get('Content-Type') === 'application/json';
  throw new Refusal(answer.status, isJson ? JSON.parse(text).detail : text);
}

async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    const whole = (text + value).split('\n\n');
    text = whole.pop();
    for (const block of whole) yield Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/)));
  }
}

// Follows the events as long as somebody looks: a hidden tab needs no connection, and a browser has few for one host.
export async function follow(path, { opened, signalled, lost }) {
  let last = '';
  for (let wait = SHORTEST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    const stop = new AbortController();
    const leave = () => document.hidden && stop.abort();
    document.addEventListener('visibilitychange', leave, { signal: stop.signal });
    try {
      const answer = await call(path, { headers: last ? { 'Last-Event-ID': last } : {}, signal: stop.signal });
      await opened();
      wait = SHORTEST_WAIT;
      for await (const { id, event } of eventsOf(answer.body)) {
        last = id || last;
        if (event) signalled(event);
      }
    } catch (error) {
      if (error instanceof Refusal && error.status < 500) throw error;
    }
    stop.abort();
    if (document.hidden) await new Promise((shown) => document.addEventListener('visibilitychange', shown, { once: true }));
    else {
      lost();
      await pause(wait);
    }
  }
}
