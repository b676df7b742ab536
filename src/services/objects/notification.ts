/** Which changes are told to whom. */
import type { NotificationRule } from "./object.ts";

/** @param event for example "ObjectCreated:Put" */
export function rulesFor(rules: readonly NotificationRule[], event: string, key: string): NotificationRule[] {
  return rules.filter(
    ({ events, prefix, suffix }) => events.some((wanted) => fits(wanted, event)) && key.startsWith(prefix) && key.endsWith(suffix),
  );
}

/** @param wanted for example "s3:ObjectCreated:*" */
function fits(wanted: string, event: string): boolean {
  const name = wanted.replace(/^s3:/, "");
  return name === "*" || name.endsWith(":*") ? event.startsWith(name.slice(0, -1)) : name === event;
}
