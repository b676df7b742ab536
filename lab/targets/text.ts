/** The targets as tables for a terminal, and a verdict that says where Mayfly's policy loses. */
import { type Column, renderTable } from "../../src/base/terminal/table.ts";
import { green, red } from "../../src/base/terminal/terminal.ts";
import type { Report } from "../../src/simulator/report/report.ts";
import { amountInWords, twoDigits } from "../../src/simulator/report/words.ts";
import { type PriceRow, priceRows } from "./price-rows.ts";
import { targetRows, type TargetRow } from "./target-rows.ts";
import { verdictOf } from "./verdict.ts";

/** Parts of the text; none if nothing was judged. */
export function verdictInText(report: Report): string[] {
  const verdict = verdictOf(report);
  if (verdict === undefined) return [];
  const losses = verdict.losses.map((loss) => `\n  ${loss}`).join("");
  return [targetTable(report), ...priceTable(report), verdict.opening, ...(losses === "" ? [] : [`Where ours loses:${losses}`])];
}

function targetTable(report: Report): string {
  const rows = targetRows(report);
  const columns: Column<TargetRow>[] = [
    { title: "TARGET", cell: ({ title }) => title },
    ...report.workloads.map(({ name }): Column<TargetRow> => ({
      title: name.toUpperCase(),
      align: "right",
      cell: ({ cells }) => cells.get(name)?.text ?? "",
    })),
  ];
  return coloured(renderTable(columns, rows));
}

function priceTable(report: Report): string[] {
  const rows = priceRows(report);
  if (rows.length === 0) return [];
  const columns: Column<PriceRow>[] = [
    { title: "COST OVER THE BEST BASELINE'S, BY THE WORTH OF A WAIT", cell: ({ waitWorth }) => amountInWords(waitWorth) },
    ...report.workloads.map(({ name }): Column<PriceRow> => ({
      title: name.toUpperCase(),
      align: "right",
      cell: ({ cells }) => (cells.has(name) ? twoDigits(cells.get(name)!.ratio.median) : ""),
    })),
  ];
  return [renderTable(columns, rows)];
}

/** Colours the cells of an aligned table, because escape sequences of colours have no width. */
function coloured(table: string): string {
  return table.replace(/\S+ (✓|✗)/g, (cell, mark: string) => (mark === "✓" ? green(cell) : red(cell)));
}
