/** The learned policy and the fixed one on real machines, in turn, with the same calls. */
import { join } from "node:path";
import { drawCourses } from "../live/plot.ts";
import { type LiveRun, type Phase, runLive } from "../live/run.ts";
import type { BenchOptions } from "../options.ts";
import type { BenchDriver } from "../platform.ts";
import { type Row, type Section, ms } from "../report.ts";
import { quantile } from "../statistics.ts";

const policies = [
  ["learned", {}],
  ["fixed 10 min", { idleMs: 600_000 }],
] as const;

export async function live(options: BenchOptions): Promise<Section[]> {
  const sections = [];
  for (const driver of options.drivers) sections.push(await compare(driver, options));
  return sections;
}

async function compare(driver: BenchDriver, { rounds, minutes }: BenchOptions): Promise<Section> {
  const runs: LiveRun[] = [];
  for (let round = 0; round < rounds; round++)
    for (const [policy, settings] of policies) runs.push(await runLive(driver, policy, settings, minutes));
  const picture = join(import.meta.dirname, `../plots/live-${driver}.svg`);
  await drawCourses(runs.slice(-2), `${driver}: two bursts, then twenty apps for ${minutes} min`, picture);
  return {
    title: `Live, ${driver}`,
    how: `Twice: 200 calls in flight at once for 10 s, then none for 20 s. Then twenty apps for ${minutes} min. ${rounds} rounds, with the policies in turn. Waits are for a slot, a start or a bind, measured by the server. Plot: ${picture}`,
    rows: runs.flatMap(rowsOf),
  };
}

function rowsOf({ policy, phases, starts }: LiveRun): Row[] {
  const failures = phases.flatMap((phase) => phase.failures);
  const agreement = Math.abs(starts.simulated / starts.live - 1);
  return [
    ...phases.map((phase) => ({ what: `${policy}: ${phase.name}`, measured: inWords(phase) })),
    { what: `${policy}: failed requests`, measured: failureInWords(failures), target: "0", reached: failures.length === 0 },
    {
      what: `${policy}: machines started`,
      measured: `${starts.live}; in the simulator ${starts.simulated}`,
      target: "within 10 %",
      reached: agreement <= 0.1,
    },
  ];
}

function inWords({ calls, waits, mostInFlight, idleGbSeconds, gbSeconds }: Phase): string {
  const waited = `wait p50 ${ms(quantile(waits, 0.5))}, p99 ${ms(quantile(waits, 0.99))}, most ${ms(Math.max(...waits))}`;
  return `${calls} calls, ${mostInFlight} in flight at most, ${waited}, ${idleGbSeconds.toFixed(1)} GB-seconds idle of ${gbSeconds.toFixed(1)}`;
}

function failureInWords(failures: string[]): string {
  return failures.length === 0 ? "0" : `${failures.length}, such as ${failures[0]}`;
}
