"""Sends spans, metrics and log records with the SDK, and prints what it has given to the exporters.

client.py grpc|http gzip|none ENDPOINT
"""

import json
import sys

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

PROTOCOL, COMPRESSION, ENDPOINT = sys.argv[1:]
SENT = {"spans": [], "metrics": [], "logs": []}

if PROTOCOL == "grpc":
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    compression = {"gzip": Compression.Gzip, "none": Compression.NoCompression}[COMPRESSION]

    def exporter(kind, _signal):
        return kind(endpoint=ENDPOINT, insecure=True, compression=compression)
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    compression = {"gzip": Compression.Gzip, "none": Compression.NoCompression}[COMPRESSION]

    def exporter(kind, signal):
        return kind(endpoint=f"http://{ENDPOINT}/v1/{signal}", compression=compression)


def noted(inner, note):
    """The exporter, which notes what it is given and has to succeed."""
    export = inner.export

    def noting(batch, *rest, **more):
        note(batch)
        result = export(batch, *rest, **more)
        if result.value != 0:
            sys.exit(f"not exported: {result}")
        return result

    inner.export = noting
    return inner


def whose(item):
    scope = item.instrumentation_scope
    return {
        "resource": dict(item.resource.attributes),
        "scope": [scope.name, scope.version or ""],
    }


def trace_id(number):
    return f"{number:032x}" if number else ""


def span_id(number):
    return f"{number:016x}" if number else ""


def note_spans(spans):
    for span in spans:
        SENT["spans"].append(whose(span) | {
            "traceId": trace_id(span.context.trace_id),
            "spanId": span_id(span.context.span_id),
            "parentSpanId": span_id(span.parent.span_id) if span.parent else "",
            "name": span.name,
            "kind": span.kind.value + 1,
            "start": span.start_time,
            "end": span.end_time,
            "attributes": dict(span.attributes),
            "events": [[e.name, e.timestamp, dict(e.attributes)] for e in span.events],
            "links": [[trace_id(l.context.trace_id), span_id(l.context.span_id), dict(l.attributes)] for l in span.links],
            "status": [span.status.status_code.value, span.status.description or ""],
        })


def note_logs(records):
    for item in records:
        record = item.log_record
        SENT["logs"].append(whose(item) | {
            "time": record.timestamp,
            "severity": [record.severity_number.value, record.severity_text or ""],
            "body": record.body,
            "attributes": dict(record.attributes),
            "traceId": trace_id(record.trace_id),
            "spanId": span_id(record.span_id),
        })


def point(data, at):
    common = {"attributes": dict(at.attributes), "time": at.time_unix_nano}
    if type(data).__name__ == "Histogram":
        return common | {
            "start": at.start_time_unix_nano, "count": at.count, "sum": at.sum,
            "counts": list(at.bucket_counts), "bounds": list(at.explicit_bounds),
            "min": at.min, "max": at.max,
        }
    return common | {"start": at.start_time_unix_nano or 0, "value": at.value}


def note_metrics(batch):
    for of_resource in batch.resource_metrics:
        for of_scope in of_resource.scope_metrics:
            for metric in of_scope.metrics:
                data = metric.data
                temporality = getattr(data, "aggregation_temporality", 0)
                SENT["metrics"].append({
                    "resource": dict(of_resource.resource.attributes),
                    "scope": [of_scope.scope.name, of_scope.scope.version or ""],
                    "name": metric.name,
                    "unit": metric.unit or "",
                    "description": metric.description or "",
                    "kind": type(data).__name__,
                    "temporality": int(temporality),
                    "monotonic": getattr(data, "is_monotonic", False),
                    "points": [point(data, at) for at in data.data_points],
                })


resource = Resource({"service.name": "python-shop", "größe": "ü", "ports": [80, 443]})

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(SimpleSpanProcessor(noted(exporter(OTLPSpanExporter, "traces"), note_spans)))
tracer = tracers.get_tracer("shop", "1.2")
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(SimpleLogRecordProcessor(noted(exporter(OTLPLogExporter, "logs"), note_logs)))
logger = loggers.get_logger("shop.log", "3")
reader = PeriodicExportingMetricReader(noted(exporter(OTLPMetricExporter, "metrics"), note_metrics), export_interval_millis=3_600_000)
meters = MeterProvider(resource=resource, metric_readers=[reader])
meter = meters.get_meter("shop.meter")

with tracer.start_as_current_span("order", kind=trace.SpanKind.SERVER, attributes={"text": "a \"b\" ü", "yes": True, "int": -(1 << 50), "float": 0.25, "list": ["x", "y"], "floats": [1.5, 2.25], "empty": ""}) as order:
    with tracer.start_as_current_span("pay", kind=trace.SpanKind.CLIENT, links=[trace.Link(order.get_span_context(), {"why": "retry"})]) as pay:
        pay.add_event("declined", {"code": 51})
        pay.set_status(trace.StatusCode.ERROR, "no money")
    context = order.get_span_context()
    for severity, body in [
        (SeverityNumber.INFO, "ordered"),
        (SeverityNumber.ERROR2, {"code": 51, "nested": {"list": [1, "two", 3.5, True]}, "nothing": None}),
    ]:
        logger.emit(LogRecord(
            timestamp=1_700_000_000_123_456_789, observed_timestamp=1_700_000_000_123_456_790,
            trace_id=context.trace_id, span_id=context.span_id, trace_flags=context.trace_flags,
            severity_number=severity, severity_text=severity.name, body=body, attributes={"order": 7, "kind": "x"},
        ))
    order.set_status(trace.StatusCode.OK)

counter = meter.create_counter("orders", unit="{order}", description="How many.")
counter.add(3, {"region": "eu"})
counter.add(4, {"region": "us"})
meter.create_up_down_counter("open").add(-2.5)
histogram = meter.create_histogram("duration", unit="s", explicit_bucket_boundaries_advisory=[0.1, 1.0, 10.0])
for value in [0.05, 0.5, 50.0]:
    histogram.record(value, {"route": "/cart"})
meter.create_gauge("level").set(0.75, {"tank": 1})

tracers.shutdown()
loggers.shutdown()
meters.shutdown()
json.dump(SENT, sys.stdout)
