// Sends spans, metrics and log records with the SDK, and prints what it has given to the exporters.
//
// client.mjs grpc|proto|json gzip|none ENDPOINT

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [protocol, compression, endpoint] = process.argv.slice(2);
const sent = { spans: [], metrics: [], logs: [] };

async function exporter(kind, name, path) {
  const way = { grpc: "grpc", proto: "proto", json: "http" }[protocol];
  const module = await import(`@opentelemetry/exporter-${kind}-otlp-${way}`);
  const url = protocol === "grpc" ? `http://${endpoint}` : `http://${endpoint}/v1/${path}`;
  // The one for gRPC has a name of its own for it.
  const algorithm = compression === "gzip" ? "gzip" : "none";
  const made = new module[name]({ url, compression: algorithm });
  return made;
}

/// The exporter, which notes what it is given and has to succeed.
function noted(inner, note) {
  const send = inner.export.bind(inner);
  inner.export = (batch, done) => {
    note(batch);
    send(batch, (result) => {
      if (result.code !== 0) {
        console.error(result.error);
        process.exit(1);
      }
      done(result);
    });
  };
  return inner;
}

const nanos = ([seconds, rest]) => (BigInt(seconds) * 1_000_000_000n + BigInt(rest)).toString();

const whose = (item) => ({
  resource: item.resource.attributes,
  scope: [item.instrumentationScope.name, item.instrumentationScope.version ?? ""],
});

function noteSpans(spans) {
  for (const span of spans) {
    sent.spans.push({
      ...whose(span),
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      parentSpanId: span.parentSpanContext?.spanId ?? "",
      name: span.name,
      kind: span.kind + 1,
      start: nanos(span.startTime),
      end: nanos(span.endTime),
      attributes: span.attributes,
      events: span.events.map((event) => [event.name, nanos(event.time), event.attributes]),
      links: span.links.map((link) => [link.context.traceId, link.context.spanId, link.attributes]),
      status: [span.status.code, span.status.message ?? ""],
    });
  }
}

function noteLogs(records) {
  for (const record of records) {
    sent.logs.push({
      ...whose(record),
      time: nanos(record.hrTime),
      severity: [record.severityNumber, record.severityText ?? ""],
      body: record.body,
      attributes: record.attributes,
      traceId: record.spanContext?.traceId ?? "",
      spanId: record.spanContext?.spanId ?? "",
    });
  }
}

function noteMetrics(batch) {
  for (const { scope, metrics } of batch.scopeMetrics) {
    for (const metric of metrics) {
      const kind = { 0: "Histogram", 2: "Gauge", 3: "Sum" }[metric.dataPointType];
      const points = metric.dataPoints.map((point) => {
        const common = { attributes: point.attributes, start: nanos(point.startTime), time: nanos(point.endTime) };
        const { value } = point;
        return kind === "Histogram"
          ? { ...common, count: value.count, sum: value.sum, counts: value.buckets.counts, bounds: value.buckets.boundaries, min: value.min, max: value.max }
          : { ...common, value };
      });
      sent.metrics.push({
        resource: batch.resource.attributes,
        scope: [scope.name, scope.version ?? ""],
        name: metric.descriptor.name,
        unit: metric.descriptor.unit,
        description: metric.descriptor.description,
        kind,
        temporality: kind === "Gauge" ? 0 : { 0: 1, 1: 2 }[metric.aggregationTemporality],
        monotonic: metric.isMonotonic ?? false,
        points,
      });
    }
  }
}

const resource = resourceFromAttributes({ "service.name": "node-shop", "größe": "ü", ports: [80, 443] });

const spans = noted(await exporter("trace", "OTLPTraceExporter", "traces"), noteSpans);
const tracers = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(spans)] });
const logs = noted(await exporter("logs", "OTLPLogExporter", "logs"), noteLogs);
const loggers = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter: logs })] });
const metrics = noted(await exporter("metrics", "OTLPMetricExporter", "metrics"), noteMetrics);
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
const meters = new MeterProvider({ resource, readers: [reader] });

const tracer = tracers.getTracer("shop", "1.2");
const order = tracer.startSpan("order", {
  kind: SpanKind.SERVER,
  attributes: { text: 'a "b" ü', yes: true, int: -(2 ** 50), float: 0.25, list: ["x", "y"], floats: [1.5, 2.25], empty: "" },
});
const inOrder = trace.setSpan(ROOT_CONTEXT, order);
const pay = tracer.startSpan("pay", { kind: SpanKind.CLIENT, links: [{ context: order.spanContext(), attributes: { why: "retry" } }] }, inOrder);
pay.addEvent("declined", { code: 51 });
pay.setStatus({ code: SpanStatusCode.ERROR, message: "no money" });
pay.end();
const logger = loggers.getLogger("shop.log", "3");
for (const [severityNumber, body] of [[9, "ordered"], [18, { code: 51, nested: { list: [1, "two", 3.5, true] } }]]) {
  logger.emit({ timestamp: [1_700_000_000, 123_456_789], severityNumber, severityText: `S${severityNumber}`, body, attributes: { order: 7, kind: "x" }, context: inOrder });
}
order.setStatus({ code: SpanStatusCode.OK });
order.end();

const meter = meters.getMeter("shop.meter");
const counter = meter.createCounter("orders", { unit: "{order}", description: "How many.", valueType: 0 });
counter.add(3, { region: "eu" });
counter.add(4, { region: "us" });
meter.createUpDownCounter("open").add(-2.5);
const histogram = meter.createHistogram("duration", { unit: "s", advice: { explicitBucketBoundaries: [0.1, 1, 10] } });
for (const value of [0.05, 0.5, 50.25]) histogram.record(value, { route: "/cart" });
meter.createGauge("level").record(0.75, { tank: 1 });

await tracers.shutdown();
await loggers.shutdown();
await meters.shutdown();
console.log(JSON.stringify(sent));
