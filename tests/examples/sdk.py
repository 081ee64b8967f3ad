import time

import pandas
from reprompt import RepromptClient

places = pandas.DataFrame(
    [
        {"place_id": "tower", "name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945},
        {"place_id": "library", "name": "New York Public Library", "full_address": "476 5th Ave, New York, NY 10018"},
    ]
)

client = RepromptClient(api_key="any", org_slug="sdk-trial", base_url="http://localhost:8780/v1", allow_writes=True)
batch = client.batches.create_from_dataframe(places, batch_name="Two places", attributes=["websites", "categories"])
while client.batches.get_batch(batch.id)["status"] not in {"completed", "failed"}:
    time.sleep(5)  # as the guide asks
for job in client.jobs.get_jobs_by_batch_id(batch.id):
    print(job.place_id, job.status, job.outputs["website"])
