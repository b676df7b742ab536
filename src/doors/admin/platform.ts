import type { Version } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import type { ExplainInfo, HostInfo, MachineInfo, StatusInfo } from "./schemas.ts";

/** What the API asks of the running platform. */
export interface Platform {
  /** Throws "bad-manifest" where this server's settings do not let the app have what its manifest asks for. */
  check(manifest: Manifest): void;
  /** Resolves when machines of the size that the manifest asks for can be started at once: the first of a size may take seconds. */
  prepare(manifest: Manifest): Promise<void>;
  /** Calls go to this version from now on; machines of an older one, or with older secrets, get no more work. */
  deployed(version: Version): void;
  /** Undoes `deployed` for a version that was not stored after all. @param previous what calls went to before; undefined: the app is new */
  restored(app: string, previous: Version | undefined): void;
  /** Why an app of the catalog cannot be served though its version can be read; null where it can. */
  problemOf(app: string): string | null;
  /** From now on what its machines log is dropped. Resolves when those that it has now are gone, whoever has its name by then. */
  removed(app: string): void | Promise<void>;
  machines(): MachineInfo[];
  /** Every decision that is kept. */
  explain(app: string): ExplainInfo;
  /** Has the ledger told what every machine has used up to now. */
  sample(): void;
  host(): HostInfo;
  status(): StatusInfo;
}
