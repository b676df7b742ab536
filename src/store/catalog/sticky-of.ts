import type { Alias } from "./catalog.ts";

/** What the disk has damaged is as if it were not set. */
export function stickyOf(json: string | null): Alias["sticky"] {
  if (json === null) return null;
  try {
    const { by, name, runs } = JSON.parse(json) as NonNullable<Alias["sticky"]>;
    const isWhole =
      (by === "cookie" || by === "header") && typeof name === "string" && runs.every(([revision, units]) => revision !== "" && units > 0);
    return isWhole ? { by, name, runs } : null;
  } catch {
    return null;
  }
}
