/** The report as one HTML page that needs no script and no network. It is light or dark as the reader's system is set. */
import type { PolicyResult, Report, WorkloadResult } from "../../src/simulator/report/report.ts";
import { type PriceRow, priceRows } from "../targets/price-rows.ts";
import { targetRows } from "../targets/target-rows.ts";
import { assumptions, heading, policyFigures } from "../../src/simulator/report/text.ts";
import { verdictOf } from "../targets/verdict.ts";
import { amountInWords, ratioInWords, twoDigits } from "../../src/simulator/report/words.ts";
import { costPlot } from "./plot-cost.ts";
import { coursePlot } from "./plot-course.ts";
import { costFrontierPlot, idleFrontierPlot } from "./plot-frontier.ts";
import { waitsPlot } from "./plot-waits.ts";
import { renderPlot } from "./render-plot.ts";
import { style } from "./style.ts";

export async function reportPage(report: Report): Promise<string> {
  const sections: string[] = [];
  for (const [at, workload] of report.workloads.entries()) sections.push(await section(workload, at, report));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Mayfly simulation</title>
<style>${style}</style>
<h1>Mayfly, simulated</h1>
<p>${escaped(assumptions(report))}</p>
<nav>${report.workloads.map(({ name }, at) => `<a href="#workload-${at}">${escaped(name)}</a>`).join(" ")}</nav>
${verdicts(report)}
${sections.join("\n")}
<footer>Made by <code>mayfly simulate</code>. docs/simulator.md says what is modelled, what is not, and how to read this.</footer>
</html>
`;
}

function verdicts(report: Report): string {
  const verdict = verdictOf(report);
  if (verdict === undefined) return "";
  const names = report.workloads.map(({ name }) => name);
  const body = targetRows(report).map(({ title, cells }) => {
    const marks = names.map((name) => {
      const cell = cells.get(name);
      return cell === undefined
        ? "<td></td>"
        : `<td class="${cell.verdict.reached ? "good" : "bad"}" title="${escaped(cell.verdict.says)}">${cell.text}</td>`;
    });
    return `<tr><th scope="row">${escaped(title)}</th>${marks.join("")}</tr>`;
  });
  return `<h2>Verdict</h2>
<p>${escaped(verdict.opening)}</p>
${table(["target: ours over theirs", ...names], body)}
${prices(report, names)}
${verdict.losses.length === 0 ? "" : `<details open><summary>Where ours loses</summary><ul>${items(verdict.losses)}</ul></details>`}`;
}

function prices(report: Report, names: string[]): string {
  const rows = priceRows(report).map((row) => priceRow(row, names));
  return rows.length === 0 ? "" : table(["cost over the best baseline's, by the worth of a wait", ...names], rows);
}

function priceRow({ waitWorth, cells }: PriceRow, names: string[]): string {
  const ratios = names.map((name) => {
    const cell = cells.get(name);
    if (cell === undefined) return "<td></td>";
    const { policy, ratio } = cell;
    return `<td class="${ratio.median < 1 ? "good" : "bad"}" title="${escaped(`${ratioInWords(ratio)} × ${policy}`)}">${twoDigits(ratio.median)}</td>`;
  });
  return `<tr><th scope="row">${amountInWords(waitWorth)}</th>${ratios.join("")}</tr>`;
}

function items(lines: string[]): string {
  return lines.map((line) => `<li>${escaped(line)}</li>`).join("");
}

async function section(workload: WorkloadResult, at: number, { worth }: Report): Promise<string> {
  const plots = [
    await renderPlot(costPlot(workload, worth)),
    await renderPlot(waitsPlot(workload)),
    await renderPlot(costFrontierPlot(workload, worth)),
    await renderPlot(idleFrontierPlot(workload)),
    ...(workload.series.length > 0 ? [await renderPlot(coursePlot(workload))] : []),
  ];
  return `<h2 id="workload-${at}">${escaped(workload.name)}</h2>
<p>${escaped(heading(workload))}</p>
${table(["policy", ...policyFigures.map(({ title }) => title.toLowerCase())], workload.policies.map(row))}
<div class="plots">${plots.map((plot) => `<figure>${plot}</figure>`).join("")}</div>`;
}

function row(result: PolicyResult): string {
  const cells = policyFigures.map(({ text }) => `<td>${escaped(text(result))}</td>`);
  return `<tr class="${result.kind}"><th scope="row">${escaped(result.policy)}</th>${cells.join("")}</tr>`;
}

function table(titles: string[], rows: string[]): string {
  const head = titles.map((title) => `<th scope="col">${escaped(title)}</th>`).join("");
  return `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
