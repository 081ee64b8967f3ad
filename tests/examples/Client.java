// A client in plain Java (JDK 17 or later, `java Client.java`): create a batch, follow it, run what failed again, read
// the results, rename it. Then, as a test does, the emulator's own API: settings, and settling one batch of two.

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

class Client {
    static final String ORG = System.getenv("REPROMPT_ORG_SLUG");
    static final String BASE = System.getenv("REPROMPT_BASE_URL");
    static final String SERVICE = BASE + "/" + ORG + "/place_enrichment";
    static final String WORLD = BASE.replaceFirst("/v1$", "/_mock/orgs/" + ORG);
    // Left as it is, the client asks for HTTP/2 with every request, and takes HTTP/1.1 for an answer.
    static final HttpClient HTTP = HttpClient.newHttpClient();

    static String call(String method, String url, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer " + System.getenv("REPROMPT_API_KEY"))
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        var response = HTTP.send(request, BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new IllegalStateException(method + " " + url + ": " + response.statusCode() + " " + response.body());
        }
        return response.body();
    }

    // The JDK reads no JSON: these few answers are looked up by pattern.
    static List<String> all(String json, String pattern) {
        return Pattern.compile(pattern).matcher(json).results().map((MatchResult found) -> found.group(1)).toList();
    }

    static String field(String json, String name) {
        return all(json, "\"" + name + "\":\"?([^\",}]*)").get(0);
    }

    static String create(String batchId, List<String> placeIds, String note) throws Exception {
        var jobs = new ArrayList<String>();
        for (var placeId : placeIds) {
            jobs.add("""
                    {"place_id": "%s", "inputs":
                     {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945, "note": "%s"}}"""
                    .formatted(placeId, note));
        }
        var batch = "{\"batch_id\": \"%s\", \"batch_name\": \"From Java\", \"attributes\": [\"websites\"], \"jobs\": [%s]}";
        return call("POST", SERVICE + "/batches", batch.formatted(batchId, String.join(",", jobs)));
    }

    static String finished(String batchId) throws Exception {
        while (true) {
            var batch = call("GET", SERVICE + "/batches/" + batchId, null);
            if (List.of("completed", "failed").contains(field(batch, "status"))) {
                return batch;
            }
        }
    }

    static List<String> results(String batchId, int limit) throws Exception {
        var places = new ArrayList<String>();
        var id = URLEncoder.encode(batchId, StandardCharsets.UTF_8);
        for (int offset = 0;; offset += limit) {
            var page = call("GET", SERVICE + "/jobs?batchId=" + id + "&limit=" + limit + "&offset=" + offset, null);
            var found = all(page, "\"place_id\":\"([^\"]*)\",\"status\"");
            places.addAll(found);
            if (found.size() < limit) {
                return places;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        create("small", List.of("mock-flaky-1", "mock-ok-1", "café ☕"), "");
        finished("small");
        var again = call("POST", SERVICE + "/batches/small/reprocess", "{\"failed_only\": true}");
        System.out.println("reprocessed " + field(again, "job_count"));
        System.out.println("small " + field(finished("small"), "status"));
        System.out.println("places " + String.join(" ", results("small", 2)));

        call("PUT", SERVICE + "/batches/small", "{\"batch_name\": \"Renamed\"}");
        System.out.println("name " + field(call("GET", SERVICE + "/batches/small", null), "batch_name"));

        var many = new ArrayList<String>();
        for (int number = 0; number < 4000; number++) {
            many.add("place-" + number);
        }
        create("large", many, "x".repeat(1000)); // some four megabytes
        call("POST", WORLD + "/clock/settle", "{}");
        finished("large");
        System.out.println("large " + results("large", 1000).size());

        var settings = call("PATCH", WORLD + "/settings", "{\"failure_rate\": 1, \"poll_advance\": 0}");
        System.out.println("failure_rate " + field(settings, "failure_rate"));
        create("first", List.of("a"), "");
        call("POST", WORLD + "/clock/advance", "{\"seconds\": 1.5}");
        create("second", List.of("b"), "");
        call("POST", WORLD + "/clock/settle", "{\"batch_id\": \"first\"}");
        System.out.println("first " + field(call("GET", SERVICE + "/batches/first", null), "status"));
        System.out.println("its results " + results("first", 10).size());
        System.out.println("second " + (field(call("GET", SERVICE + "/batches/second", null), "status").equals("failed")
                ? "settled too" : "still runs"));
    }
}
