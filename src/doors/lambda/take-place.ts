/** Who holds what of a port's room: a place among the requests that are under way, and the bytes of their bodies. */
import type { ServerResponse } from "node:http";
import { clientKey } from "../../base/network/addresses.ts";
import { guarded } from "../../base/errors/guarded.ts";
import type { Shares } from "../../clients/shares.ts";

/** Who holds what a request takes, and the most of it, as a part of all. */
export type Holder = readonly [name: string, part: number];

/** Everybody whose request names a key that nobody has, or none: a body of theirs is read only to be refused. */
export const strangers: Holder = ["", 1 / 8];

/** @param tenant its id */
export function holderOf(tenant: string): Holder {
  return [tenant, 1];
}

/** Of all there is, what one address has together of requests whose body has to be read before it is known who signed them. */
const OF_UNPROVEN = 1 / 2;

/**
 * Of a request that names a key which somebody has, before its signature was checked: whoever has seen a presigned URL knows such a key, and must not be able to take what is its
 * tenant's. @param address the caller's
 */
export function unprovenHolder(address: string): Holder {
  return [`from ${clientKey(address)}`, OF_UNPROVEN];
}

export interface Place {
  /** Gives it to another holder. Returns whether that one may have it. */
  becomes(holder: Holder): boolean;
}

/** The place is given back when the reply has ended. Null: there is none. */
export function takePlace(places: Shares, response: ServerResponse, [holder, part]: Holder): Place | null {
  if (!places.take(holder, 1, part)) return null;
  let name = holder;
  const giveBack = () => places.give(name, 1);
  response.once(
    "close",
    guarded(giveBack, () => {}),
  );
  return {
    becomes([next, nextPart]) {
      const isMoved = places.move(name, next, 1, nextPart);
      if (isMoved) name = next;
      return isMoved;
    },
  };
}
