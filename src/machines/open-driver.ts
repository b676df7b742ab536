/** Opens the driver of a server, and what every driver shares of the host. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ServerStart } from "../base/config/server-start.ts";
import { usualChoice } from "../base/kind/machine-kind.ts";
import { type ChosenDriver, chooseDriver } from "./drivers.ts";
import { joinServerGroup } from "./host/cgroup/server-group.ts";
import { createQemuHost, type QemuHost } from "./host/qemu/qemu-host.ts";
import type { Uids } from "../base/uids/uids.ts";

/**
 * The jail is in the state folder, because QEMU's root folder contains programs and devices, and /run is often mounted so that neither
 * works there.
 */
export function openQemuHost({ config, closing }: ServerStart, uids: Uids): QemuHost {
  const host = createQemuHost({ cacheDir: config.cacheDir, jailDir: join(config.stateDir, "run"), uids });
  closing.defer(() => host.close());
  return host;
}

interface DriverNeeds {
  qemuHost: QemuHost;
  uids: Uids;
  progress: (step: string) => void;
  /** Called with CPU time that was spent on no app's machine, such as a template's boot: microseconds. */
  onCpuUsed: (cpuUs: number) => void;
  /** See ProcessDriverOptions. */
  inspectDir?: string | undefined;
}

/** The run folder must be there. The driver's prepare() also removes the machines that a killed server left behind. */
export async function openDriver(
  start: ServerStart,
  { qemuHost, uids, progress, onCpuUsed, inspectDir }: DriverNeeds,
): Promise<ChosenDriver> {
  const { config, clock, log, closing } = start;
  const { cacheDir, runDir, kernel, osvKernel } = config;
  const warn = (text: string) => log.warn(text);
  const snapshotDir = join(config.stateDir, "snapshots");
  const surroundings = { cacheDir, runDir, snapshotDir, qemuHost, uids, clock, progress, warn, kernel, osvKernel, onCpuUsed, inspectDir };
  const chosen = await chooseDriver(config.driver, surroundings);
  closing.defer(() => chosen.driver.close());
  // What a server with another driver has left has the secrets of apps in it, and nobody would remove it with them.
  if (chosen.driver.snapshots === undefined) await rm(snapshotDir, { recursive: true, force: true });
  await chosen.driver.prepare(progress, usualChoice);
  return { ...chosen, detail: `${chosen.detail}${takeShareOfCpu(start)}` };
}

/**
 * Moves the server into a control group with a CPU share of its own. This happens after the driver was prepared, because the build of an
 * image must not take precedence over everything else on the host. Returns a clause for the end of the driver's detail: empty, or why there
 * is no such share.
 */
function takeShareOfCpu({ closing }: ServerStart): string {
  const group = joinServerGroup();
  closing.defer(() => group.leave());
  return group.lacks === undefined ? "" : `; the server has no CPU share of its own: ${group.lacks}`;
}
