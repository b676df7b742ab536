/**
 * Metrics in Prometheus's text format, version 0.0.4. Names are made of those of OpenTelemetry as its rules for Prometheus say: dots become
 * underscores, the unit is appended as a word, and counters end in _total.
 */
import type { HistogramFamily, Labels, MetricFamily, NumberFamily } from "./metric.ts";

export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Families without points are left out, and so is a second point with the same labels, because Prometheus refuses a page that has one. */
export function prometheusText(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const family of families) {
    if (family.points.length === 0) continue;
    const name = prometheusName(family);
    lines.push(`# HELP ${name} ${escapeHelp(family.help)}`, `# TYPE ${name} ${family.kind}`);
    const isNew = firstOnly();
    if (family.kind === "histogram") addHistograms(lines, name, family, isNew);
    else addNumbers(lines, name, family, isNew);
  }
  lines.push("");
  return lines.join("\n");
}

/** For example "faas_invoke_duration_seconds" of "faas.invoke_duration" in s. */
export function prometheusName({ name, unit, kind }: Pick<MetricFamily, "name" | "unit" | "kind">): string {
  const words = [name.replace(/[^a-zA-Z0-9]+/g, "_")];
  const word = unitWords[unit];
  if (word !== undefined && !(word === "ratio" && kind === "counter")) words.push(word);
  if (kind === "counter") words.push("total");
  return words.filter((each, at) => at === 0 || !words[0]!.endsWith(`_${each}`)).join("_");
}

/** What is counted, such as {machine}, is no part of a name. */
const unitWords: Record<string, string> = { s: "seconds", By: "bytes", "1": "ratio", "By.s": "byte_seconds" };

/** Tells whether it is given a text for the first time. */
function firstOnly(): (text: string) => boolean {
  const seen = new Set<string>();
  return (text) => seen.size < seen.add(text).size;
}

function addNumbers(lines: string[], name: string, { points }: NumberFamily, isNew: (labels: string) => boolean): void {
  for (const { labels, value } of points) {
    const text = labelText(labels);
    if (isNew(text)) lines.push(`${name}${inBraces(text)} ${numberText(value)}`);
  }
}

function addHistograms(lines: string[], name: string, { points }: HistogramFamily, isNew: (labels: string) => boolean): void {
  for (const { labels, histogram } of points) {
    const text = labelText(labels);
    if (!isNew(text)) continue;
    const before = text === "" ? "" : `${text},`;
    let counted = 0;
    for (const [at, bound] of histogram.bounds.entries()) {
      counted += histogram.counts[at]!;
      lines.push(`${name}_bucket{${before}le="${bound}"} ${counted}`);
    }
    lines.push(`${name}_bucket{${before}le="+Inf"} ${histogram.count}`);
    lines.push(`${name}_sum${inBraces(text)} ${numberText(histogram.sum)}`, `${name}_count${inBraces(text)} ${histogram.count}`);
  }
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name.replace(/[^a-zA-Z0-9_]/g, "_")}="${escapeValue(value)}"`)
    .join(",");
}

function inBraces(text: string): string {
  return text === "" ? "" : `{${text}}`;
}

/** Half a surrogate pair cannot be written as UTF-8, and Prometheus refuses the whole page for it. */
function escapeValue(value: string): string {
  return value.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
