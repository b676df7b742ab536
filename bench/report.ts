import { median, quantile } from "./statistics.ts";

/** The result of a measurement, and how the bench prints it. */
export interface Row {
  /** The line in the table of targets that this row answers, or what else was measured. */
  what: string;
  measured: string;
  /** If absent, the row is for information only. */
  target?: string;
  reached?: boolean;
}

export interface Section {
  title: string;
  /** How it was measured, in one sentence. */
  how: string;
  rows: Row[];
}

export function printSection({ title, how, rows }: Section): void {
  console.log(`\n## ${title}\n${how}\n`);
  const cells = rows.map((row) => [row.what, row.measured, row.target ?? "", verdict(row)]);
  const all = [["what", "measured", "target", ""], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  for (const line of all)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

function verdict({ reached }: Row): string {
  if (reached === undefined) return "";
  return reached ? "reached" : "MISSED";
}

export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

/** @param samples milliseconds */
export function spread(samples: number[]): string {
  return `p50 ${ms(median(samples))}, p99 ${ms(quantile(samples, 0.99))}, min ${ms(Math.min(...samples))}`;
}

export function rate(value: number): string {
  return `${Math.round(value).toLocaleString("en")}/s`;
}

export function times(value: number): string {
  return `${value.toFixed(2)} ×`;
}
