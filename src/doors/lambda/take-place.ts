import type { ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import type { Shares } from "../../clients/shares.ts";
import { holderOf } from "./read-body.ts";

/** The place is given back when the reply has ended. Returns whether there was one. @param tenant null: nobody knows whose request it is */
export function takePlace(places: Shares, response: ServerResponse, tenant: string | null): boolean {
  const [holder, part] = holderOf(tenant);
  if (!places.take(holder, 1, part)) return false;
  const giveBack = () => places.give(holder, 1);
  response.once(
    "close",
    guarded(giveBack, () => {}),
  );
  return true;
}
