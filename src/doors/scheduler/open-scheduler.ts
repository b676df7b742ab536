import type { Durable } from "../../control/open-durable.ts";
import type { BesideApi } from "../admin/listen.ts";
import { createJsonDoor, type DoorNeeds } from "../aws/json-door.ts";
import type { TargetKinds } from "../aws/target-kinds.ts";
import { composeWith } from "./compose.ts";
import { schedulerService } from "./service.ts";

/** Opens EventBridge Scheduler's API over the schedules of the server, and lets these start their targets. */
export function openScheduler(durable: Pick<Durable, "schedules" | "composeBy">, targets: TargetKinds, needs: DoorNeeds): BesideApi {
  durable.composeBy("scheduler", composeWith(targets));
  return createJsonDoor(schedulerService({ schedules: durable.schedules, targets }), needs);
}
