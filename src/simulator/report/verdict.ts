/** The report in a few sentences: how many targets are reached, and every one that is not, plainly. */
import type { Report, Verdict, WorkloadResult } from "./report.ts";
import { targets } from "./targets.ts";

export function verdictSentences(report: Report): string[] {
  const judged = report.workloads.flatMap((workload) => workload.verdicts.map((verdict) => ({ workload, verdict })));
  if (judged.length === 0) return [];
  const missed = judged.filter(({ verdict }) => !verdict.reached);
  return [opening(report, judged.length, missed.length), ...(missed.length > 0 ? [losses(missed)] : [])];
}

function opening({ workloads }: Report, judged: number, missed: number): string {
  const made = workloads.every(({ synthetic }) => synthetic) ? " All of it from synthetic workloads: they say little of yours." : "";
  return `Reached ${judged - missed} of ${judged} targets.${made}`;
}

function losses(missed: { workload: WorkloadResult; verdict: Verdict }[]): string {
  const lines = missed.map(
    ({ workload, verdict }) => `  ${workload.name}: ${targets[verdict.target].title}${binds(verdict)}: ${verdict.says}`,
  );
  return ["Where ours loses:", ...lines].join("\n");
}

function binds({ reading }: Verdict): string {
  return reading === "cold-or-bind" ? " or binds" : "";
}
