/**
 * Prints metrics in the text format of Prometheus, or in OpenMetrics.
 *
 * @module
 */

import { AggregatorRegistry, Registry, type RegistryContentType } from "prom-client";
import { type HistogramSample, METRICS, type Metric, type NodeReading } from "./metrics-table.ts";

/** The printed metrics. */
export interface MetricsText {
  contentType: string;
  text: string;
}

/** The metrics of a node. */
export async function printMetrics(
  reading: NodeReading,
  format: "prometheus" | "openmetrics",
): Promise<MetricsText> {
  const contentType =
    format === "openmetrics" ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
  const metrics = METRICS.map((metric) => {
    const all = printable(metric, reading);
    // In OpenMetrics prom-client adds the suffix itself.
    const isBare = format === "openmetrics" && metric.type === "counter";
    return isBare ? { ...all, name: all.name.replace(/_total$/, "") } : all;
  });
  // It takes values as they are: counters of other processes are not to be counted once more.
  const registry = AggregatorRegistry.aggregate<RegistryContentType>([metrics]);
  registry.setContentType(contentType);
  return { contentType, text: await registry.metrics() };
}

/** A metric as prom-client has it. */
interface PrintableMetric {
  name: string;
  help: string;
  type: Metric["type"];
  aggregator: "sum";
  values: { metricName?: string; labels: Record<string, string | number>; value: number }[];
}

function printable(metric: Metric, reading: NodeReading): PrintableMetric {
  const { name, help, type } = metric;
  const values =
    metric.type === "histogram"
      ? metric.read(reading).flatMap((sample) => histogramValues(name, sample))
      : metric.read(reading);
  return { name, help, type, aggregator: "sum", values };
}

/** The counts up to each bound, their sum and their number. */
function histogramValues(
  name: string,
  { labels, figures }: HistogramSample,
): PrintableMetric["values"] {
  let total = 0;
  const buckets = figures.counts.map((count, index) => {
    total += count;
    const le = figures.bounds[index] ?? "+Inf";
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: figures.sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
