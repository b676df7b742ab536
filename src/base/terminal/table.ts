/** Aligned columns for `ps` and `list`: each as wide as its widest cell, numbers aligned to the right. */
import { bold } from "./terminal.ts";

export interface Column<Row> {
  title: string;
  align?: "left" | "right";
  cell(row: Row): string;
}

export function renderTable<Row>(columns: Column<Row>[], rows: Row[]): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, at) => Math.max(column.title.length, ...cells.map((line) => line[at]!.length)));
  const line = (texts: string[]) =>
    texts
      .map((text, at) => pad(text, widths[at]!, columns[at]!.align))
      .join("  ")
      .trimEnd();
  return [bold(line(columns.map((column) => column.title))), ...cells.map(line)].join("\n");
}

function pad(text: string, width: number, align: Column<unknown>["align"]): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}
