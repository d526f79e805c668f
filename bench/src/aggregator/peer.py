"""Counts event lines with prometheus-client, as a service in Python would: the peer of `host-metrics serve`.

    python peer.py PORT

POST /v1/events takes event lines, GET /metrics is the scrape.
"""

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder

DURATIONS = [
    scale * 10**power for power in range(-5, 1) for scale in (1, 2.5, 5)
] + [10]
CONFIDENCES = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0]
CLASSES = ["no_disease", "disease"]

registry = CollectorRegistry()


def counter(name, labels):
    return Counter(name, name, labels, registry=registry)


def histogram(name, labels, buckets):
    return Histogram(name, name, labels, buckets=buckets, registry=registry)


requests = counter("api_requests", ["app", "method", "endpoint", "status_code"])
request_seconds = histogram("api_request_duration_seconds", ["app", "method", "endpoint"], DURATIONS)
stage_seconds = histogram("portent_stage_duration_seconds", ["app", "endpoint", "stage"], DURATIONS)
predictions = counter("predictions", ["app", "model_name", "prediction_result"])
confidence = histogram("prediction_confidence_score", ["app", "prediction_result"], CONFIDENCES)
score_bins = counter("portent_score_bin", ["app", "model_name", "bin"])
feature_bins = counter("portent_feature_bin", ["app", "model_name", "feature", "bin"])


def pairs(flat):
    return zip(flat[::2], flat[1::2])


def count(event):
    app, method, route = event["app"], event["method"], event["route"]
    nanoseconds = event["ns"]
    requests.labels(app, method, route, event["status"]).inc()
    request_seconds.labels(app, method, route).observe(nanoseconds["total"] / 1e9)
    for stage in ("parse", "validate", "score", "encode"):
        if stage in nanoseconds:
            stage_seconds.labels(app, route, stage).observe(nanoseconds[stage] / 1e9)
    for made in event.get("predictions", ()):
        model = made["model"]
        for name, rows in zip(CLASSES, made["classes"]):
            if rows["count"]:
                predictions.labels(app, model, name).inc(rows["count"])
            for bound, number in zip(CONFIDENCES, rows.get("confidence", ())):
                for _ in range(number):
                    confidence.labels(app, name).observe(bound)
        for index, number in pairs(made.get("score_bins", ())):
            score_bins.labels(app, model, index).inc(number)
        for feature, bins in enumerate(made.get("bins", ())):
            for index, number in pairs(bins):
                feature_bins.labels(app, model, feature, index).inc(number)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for line in body.splitlines():
            count(json.loads(line))
        self.answer("text/plain", b"", [])

    def do_GET(self):
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        body, headers = encode(registry), []
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body, headers = gzip.compress(body), [("Content-Encoding", "gzip")]
        self.answer(content_type, body, headers)

    def answer(self, content_type, body, headers):
        self.send_response(200)
        for name, value in [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
