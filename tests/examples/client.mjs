// A client in plain JavaScript (Node 18 or later): create a batch, follow it, run what failed again, read the results.

const { REPROMPT_BASE_URL, REPROMPT_ORG_SLUG, REPROMPT_API_KEY } = process.env;

async function call(method, path, body) {
  const response = await fetch(`${REPROMPT_BASE_URL}/${REPROMPT_ORG_SLUG}/place_enrichment${path}`, {
    method,
    headers: { Authorization: `Bearer ${REPROMPT_API_KEY}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (response.status === 503) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get("Retry-After"))));
    return call(method, path, body);
  }
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function finished(batchId) {
  for (;;) {
    const batch = await call("GET", `/batches/${batchId}`);
    if (["completed", "failed"].includes(batch.status)) return batch;
  }
}

async function* results(batchId, limit) {
  for (let offset = 0; ; offset += limit) {
    const { jobs } = await call("GET", `/jobs?batchId=${batchId}&limit=${limit}&offset=${offset}`);
    yield* jobs;
    if (jobs.length < limit) return;
  }
}

const jobs = ["mock-flaky-1", "mock-ok-1", "café ☕"].map((place_id) => ({
  place_id,
  inputs: { name: "Tour Eiffel", latitude: 48.8584, longitude: 2.2945 },
}));
const { id } = await call("POST", "/batches", { batch_name: "From Node", attributes: ["websites"], jobs });
const first = await finished(id);
const { job_count } = await call("POST", `/batches/${id}/reprocess`, { failed_only: true });
const second = await finished(id);
const places = [];
for await (const job of results(id, 2)) places.push([job.place_id, job.status]);
console.log(JSON.stringify({ failed: first.jobs.failed, job_count, status: second.status, places }));
