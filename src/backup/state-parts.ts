/**
 * All that a state folder consists of. A new store adds its parts here, and says in a `state-part.ts` of its own what they are; `test/backup.test.ts` fails if a server makes a file that is
 * neither here nor in `leftOut`, or a table that its part does not name.
 */
import { appliancesPart } from "../appliances/state-part.ts";
import { durablePart } from "../durable/state-part.ts";
import { eventsPart } from "../events/state-part.ts";
import { kvPart } from "../services/kv/state-part.ts";
import { contentPart, objectsPart } from "../services/objects/state-part.ts";
import { queuesPart } from "../services/queues/state-part.ts";
import { sqlPart } from "../services/sql/state-part.ts";
import { auditPart } from "../store/audit/state-part.ts";
import { catalogPart, largeFilesPart, sealPart } from "../store/catalog/state-part.ts";
import { lambdaPart, zipsPart } from "../store/lambda/state-part.ts";
import { ledgerPart } from "../store/ledger/state-part.ts";
import { logsPart } from "../store/logs/state-part.ts";
import { principalsPart } from "../store/principals/state-part.ts";
import type { StatePart } from "../store/state-folder/state-part.ts";

/** In the order in which they are copied: what refers to apps comes before the catalog, so that the copy of the catalog knows them. Files of content come last. */
export const stateParts: readonly StatePart[] = [
  eventsPart,
  durablePart,
  queuesPart,
  objectsPart,
  kvPart,
  sqlPart,
  lambdaPart,
  principalsPart,
  appliancesPart,
  ledgerPart,
  catalogPart,
  logsPart,
  auditPart,
  sealPart,
  { kind: "file", path: "api-token" },
  { kind: "file", path: "authority.pem" },
  // Certificates of hosts, and the account that they were made for.
  { kind: "folder", path: "acme" },
  largeFilesPart,
  zipsPart,
  contentPart,
];

/** What a server makes again, or what is of a running server alone. Of databases, the files beside them are in their copies. */
export const leftOut: readonly RegExp[] = [
  /^(server|supervisor|backup)\.(lock|json)(-journal)?$/,
  /^reserve$/,
  /^run$/,
  // The memory of machines that were frozen.
  /^snapshots$/,
  // What the dashboard plots of the last month.
  /^history\.db$/,
  // What calls were like.
  /^invocations\.db$/,
  // Disks of appliances, which their programs write.
  /^volumes$/,
  /\.db-(wal|shm|journal|reserve)$/,
];
