/** The memory of an idle machine while ten machines are alive. */
import type { BenchOptions } from "../options.ts";
import { type BenchDriver, startPlatform } from "../platform.ts";
import type { Row, Section } from "../report.ts";
import { descendantsPss } from "../server.ts";
import { median } from "../statistics.ts";

const alive = 10;
const mega = 1_000_000;

/** Megabytes for each machine that a driver should stay within. */
const targets: Partial<Record<BenchDriver, number>> = { qemu: 35 };

export async function memory(options: BenchOptions): Promise<Section[]> {
  const rows = [];
  for (const driver of options.drivers) rows.push(await measure(driver));
  return [
    {
      title: "Memory of an idle machine, ten alive",
      how: "Ten apps called once each; PSS of all processes below the server, from /proc, divided by ten.",
      rows,
    },
  ];
}

async function measure(driver: BenchDriver): Promise<Row> {
  const platform = await startPlatform(driver, { blanks: 0, idleMs: 600_000 });
  try {
    for (let index = 0; index < alive; index++) {
      const response = await fetch(await platform.deploy("hello", `app-${index}`));
      await response.text();
    }
    const machines = await platform.client.machines();
    if (machines.length !== alive) throw new Error(`${machines.length} machines are alive, not ${alive}`);
    const each = descendantsPss(platform.server.pid) / alive / mega;
    const shown = median(machines.map((machine) => machine.memoryBytes)) / mega;
    const row = { what: driver, measured: `${each.toFixed(0)} MB PSS; \`mayfly ps\` shows ${shown.toFixed(0)} MB, its own pages only` };
    const target = targets[driver];
    return target === undefined ? row : { ...row, target: `≤ ${target} MB`, reached: each <= target };
  } finally {
    await platform.stop();
  }
}
