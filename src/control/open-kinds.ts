import { kindOf, type MachineKind, usualChoice } from "../base/kind/machine-kind.ts";
import type { ServerStart } from "../base/config/server-start.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { logSteps } from "../store/logs/server-log.ts";
import { PreparedKinds } from "./prepared-kinds.ts";

/** The methods of the drivers' contract that make kinds ready. */
interface KindDriver {
  prepare(progress: (step: string) => void, kind: MachineKind): Promise<void>;
  release?(kind: MachineKind): void;
}

/** Opens the list of the kinds of machines that a server's driver is prepared for. Each preparation is told in the log. */
export function openKinds({ config, clock, log, closing }: ServerStart, catalog: Catalog, driver: KindDriver): PreparedKinds {
  const kinds = new PreparedKinds({
    catalog,
    clock,
    usual: kindOf(usualChoice, config.kernel),
    most: config.maxKinds,
    kindOf: (choice) => kindOf(choice, config.kernel),
    prepare(kind) {
      const steps = logSteps(log);
      return driver.prepare(steps.step, kind).finally(steps.done);
    },
    release(kind, isChosen) {
      const why = isChosen
        ? "more kinds of machines are in use than the setting maxKinds lets be held"
        : "no app chooses machines of this kind any more";
      log.info({ kind: kind.key }, `${why}: what they start from is given up`);
      driver.release?.(kind);
    },
  });
  closing.defer(() => kinds.close());
  return kinds;
}
