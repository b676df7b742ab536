import type { Version } from "../catalog/catalog.ts";
import type { HostInfo, MachineInfo } from "./schemas.ts";

/** What the API asks of the running platform. */
export interface Platform {
  /** Calls go to this version from now on; machines of an older one, or with older secrets, get no more work. */
  deployed(version: Version): void;
  /** Resolves when its machines are gone and will log nothing more. */
  removed(app: string): void | Promise<void>;
  machines(): MachineInfo[];
  host(): HostInfo;
}
