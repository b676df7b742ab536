import type { ServerStart } from "../../base/config/server-start.ts";
import type { Shares } from "../../clients/shares.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { Shares as AppShares } from "../../control/shares.ts";
import type { Objects } from "../../services/objects/objects.ts";
import type { Principals } from "../../store/principals/principal.ts";
import type { Audit } from "../../store/audit/audit.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { auditWith } from "../lambda/audit-with.ts";
import { SUFFIX } from "../../base/network/internal.ts";
import type { BesideApi } from "../admin/listen.ts";
import type { ServiceDoor } from "../internal/service-door.ts";
import { createInsideS3 } from "./inside.ts";
import { createS3Door } from "./door.ts";
import type { NotificationTargets } from "./notification-targets.ts";

interface S3Needs {
  objects: Objects;
  /** For machines. */
  insideObjects: Objects;
  shares: Pick<AppShares, "bucket">;
  principals: Pick<Principals, "ofAccessKey">;
  wrong: WrongCredentials;
  isTls: boolean;
  places: Shares;
  audit: Pick<Audit, "write">;
  catalog: Pick<Catalog, "names">;
  targets: NotificationTargets;
}

export interface OpenedS3 {
  /** For a port of its own. */
  beside: BesideApi;
  /** For machines. */
  inside: ServiceDoor;
}

/** S3's protocol, for a port of its own: its paths are names of buckets, which may be any. */
export function openS3({ config, clock, log }: ServerStart, { audit, catalog, insideObjects, shares, ...needs }: S3Needs): OpenedS3 {
  const hosts = ["localhost", `s3.services${SUFFIX}`, ...(config.domain === undefined ? [] : [`s3.${config.domain}`])];
  const door = createS3Door({
    ...needs,
    hosts,
    clock,
    audit: auditWith({ audit, catalog, clock, service: "s3" }),
    onError: (error) => log.error({ err: error }, "S3's door failed"),
  });
  return {
    beside: {
      owns: () => true,
      takesPages: true,
      continues: true,
      handle: (request, response, peer) => door.handle(request, response, peer),
    },
    inside: createInsideS3(insideObjects, door, shares),
  };
}
