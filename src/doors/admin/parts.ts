/** What the management API is made of. */
import type { Appliances } from "../../appliances/appliances.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Clock } from "../../base/clock/clock.ts";
import type { OpenAccounts } from "../../store/ledger/create-accounts.ts";
import type { Logs } from "../../store/logs/logs.ts";
import type { Overview } from "../../control/overview.ts";
import type { Serving } from "../../control/serving.ts";

export interface ApiOptions {
  catalog: Catalog;
  logs: Logs;
  accounts: OpenAccounts;
  serving: Serving;
  overview: Overview;
  appliances: Appliances;
  token: string;
  clock?: Clock;
  /** A failure that is not the caller's fault, for the server's own log. */
  onError: (error: unknown) => void;
}

/** What the handlers work with. */
export type Parts = Required<ApiOptions>;
