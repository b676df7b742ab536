/** Opens what machines are started by, and what they reach of the outside. */
import type { ServerStart } from "../base/config/server-start.ts";
import { portOf } from "../base/listen/address.ts";
import { createUids } from "../base/uids/uids.ts";
import type { DescriptorBudget } from "../clients/descriptors.ts";
import type { Urls } from "../control/overview.ts";
import { nameSeen } from "../control/seen.ts";
import { openEgress } from "../egress/open-egress.ts";
import { openDriver, openQemuHost } from "../machines/open-driver.ts";
import { openAuthorityOf } from "../store/open-stores.ts";
import type { State } from "./open-state.ts";

export type Machines = Awaited<ReturnType<typeof openMachines>>;

export interface MachinesNeeds {
  state: State;
  descriptors: DescriptorBudget;
  /** The server's own addresses, once they are known: machines reach none of them. */
  urls: Urls;
  /** Called before each step that may take over a second, with a text about it. */
  progress: (step: string) => void;
  /** The folder for the addresses of machines' inspectors. */
  inspectDir: string | undefined;
}

export async function openMachines(start: ServerStart, { state, descriptors, urls, progress, inspectDir }: MachinesNeeds) {
  const { config, clock, log } = start;
  const { accounts, catalog } = state;
  const uids = createUids();
  const qemuHost = openQemuHost(start, uids);
  const { driver, detail } = await openDriver(start, {
    qemuHost,
    uids,
    progress,
    inspectDir,
    onCpuUsed: (cpuUs) => accounts.templateMade(cpuUs),
  });
  const authority = openAuthorityOf(start);
  const egress = openEgress({
    bound: config.egress.allow,
    ownPorts: () => [urls.gateway, urls.api].map(portOf),
    certificates: authority,
    connections: descriptors.outside,
    clock,
    reached: config.egress.log
      ? ({ app, ...what }) => log.info({ app: nameSeen(catalog.names, { tenant: null, apps: null }, app), ...what }, "connected")
      : undefined,
  });
  return { uids, qemuHost, driver, detail, authority, egress };
}
