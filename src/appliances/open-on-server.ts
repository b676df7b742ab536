/** Opens the appliances of a server: what they log stands in their logs and, where their definitions cannot be read, in the server's. */
import { join } from "node:path";
import type { ServerStart } from "../base/config/server-start.ts";
import { mainTenant } from "../base/ids/new-id.ts";
import type { Names } from "../store/catalog/catalog.ts";
import { openSeal } from "../store/catalog/seal.ts";
import type { Stores } from "../store/open-stores.ts";
import { LogLevel } from "../wire/protocol.ts";
import { type Appliances, type AppliancesOptions, openAppliances } from "./appliances.ts";
import { boundsOf } from "./bounds.ts";
import { type Definitions, definitionsFile, openDefinitions } from "./definitions.ts";

type ApplianceNeeds = Pick<AppliancesOptions, "definitions" | "qemuHost" | "bootId" | "egress" | "starting" | "takenUp">;

/** Starts none: that is for Appliances.resume(). */
export function openAppliancesOf(start: ServerStart, { accounts, logs }: Stores, needs: ApplianceNeeds): Appliances {
  const { config, clock, log, closing } = start;
  const { stateDir, cacheDir, runDir } = config;
  const appliances = openAppliances({
    ...needs,
    stateDir,
    cacheDir,
    runDir,
    clock,
    permitted: config.appliances,
    bounds: boundsOf(config),
    usage: accounts,
    onUnusable: (appliance, error) => log.error({ err: error, appliance }, "this appliance's definition cannot be read: it is not started"),
    log(app, machine, text, ofPlatform, at = clock.wall()) {
      logs.append({ at, app, machine, level: ofPlatform ? LogLevel.Platform : LogLevel.Info, text });
    },
    forgetLog: (id) => logs.remove(id),
  });
  closing.defer(() => appliances.close());
  return appliances;
}

/**
 * Definitions of an older Mayfly go by names: each gets the id that has its name, or claims the name. Called before openStores(), so that
 * the ledger and the logs of an appliance are taken over for its id, and not for that of an app.
 */
export function openDefinitionsOf({ config, closing }: ServerStart, names: Pick<Names, "holder" | "claimForAppliance">): Definitions {
  const { stateDir } = config;
  const idOf = (name: string) => {
    const holder = names.holder(mainTenant, name);
    return holder?.kind === "appliance" ? holder.id : names.claimForAppliance(mainTenant, name);
  };
  const definitions = openDefinitions(definitionsFile(stateDir), openSeal(join(stateDir, "secrets.key"), false), idOf);
  closing.defer(() => definitions.close());
  return definitions;
}
