/** Pages of lists: how many members a request asks for, after which one, and the marker of the next page, which is opaque to clients. */
import { invalidValue } from "../../control/lambda/aws-error.ts";
import { Constraints } from "./constraints.ts";
import { queryNumber } from "./read-request.ts";

/** What AWS gives at a time, whatever a request asks for. */
const MOST_LISTED = 50;
/** What a request may ask for: of some lists this, and of all others MOST_LISTED. */
export const MOST_ASKED = 10_000;

export interface Asked {
  count: number;
  /** The key of the last member of the page before. */
  after: string | undefined;
}

/** Throws a ValidationException, or InvalidParameterValueException for a marker that was not given here. @param most the most that a request may ask for */
export function askedOf(query: URLSearchParams, most = MOST_LISTED): Asked {
  const asked = queryNumber(query, "MaxItems");
  new Constraints().range("maxItems", asked, 1, most).check();
  return { count: Math.min(asked ?? MOST_LISTED, MOST_LISTED), after: afterOf(query) };
}

export interface Page<T> {
  items: T[];
  /** Absent: the list ends here. */
  NextMarker?: string;
}

/**
 * A page of a list that is in memory. If the member that the marker names is gone meanwhile, the page begins with the first one that would come after it.
 * @param isAfter whether a key comes after another in the order of the list
 */
export function pageOf<T>(
  items: readonly T[],
  { count, after }: Asked,
  keyOf: (item: T) => string,
  isAfter = (key: string, other: string) => key > other,
): Page<T> {
  const first = after === undefined ? 0 : items.findIndex((item) => isAfter(keyOf(item), after));
  if (first < 0) return { items: [] };
  const taken = items.slice(first, first + count);
  return first + count < items.length ? { items: taken, NextMarker: markerOf(keyOf(taken.at(-1)!)) } : { items: taken };
}

export function markerOf(key: string): string {
  return Buffer.from(JSON.stringify([key])).toString("base64url");
}

function afterOf(query: URLSearchParams): string | undefined {
  const text = query.get("Marker");
  if (text === null || text === "") return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (Array.isArray(parsed) && typeof parsed[0] === "string") return parsed[0];
  } catch {
    // It is no marker that was given here.
  }
  throw invalidValue("Invalid Marker");
}

/** The member that a list's answer has for the next page, if there is one. */
export function marked({ NextMarker }: Pick<Page<unknown>, "NextMarker">): { NextMarker?: string } {
  return NextMarker === undefined ? {} : { NextMarker };
}
