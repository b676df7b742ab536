import type { Durable } from "../../control/open-durable.ts";
import { createJsonDoor, type DoorNeeds } from "../aws/json-door.ts";
import type { TargetKinds } from "../aws/target-kinds.ts";
import type { BesideApi } from "../admin/listen.ts";
import { composeWith, deliverWith } from "./deliver.ts";
import { eventBridgeService } from "./service.ts";

/** Opens EventBridge's API over the buses of the server, and lets rules reach their targets. */
export function openEventBridge(
  durable: Pick<Durable, "buses" | "deliverBy" | "composeBy">,
  targets: TargetKinds,
  needs: DoorNeeds,
): BesideApi {
  const now = () => needs.clock.wall();
  durable.deliverBy(deliverWith({ targets, now }));
  durable.composeBy("rule", composeWith({ targets, now }));
  return createJsonDoor(eventBridgeService({ buses: durable.buses, targets, now }), needs);
}
