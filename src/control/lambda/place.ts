/** Where a function of the Lambda API is among the apps. */
import { aliasFor } from "./names.ts";

interface Placed {
  name: string;
  /** See FunctionRecord. */
  app?: string | undefined;
}

/** The name of its app. */
export function appOf({ name, app = name }: Placed): string {
  return app;
}

/**
 * The alias of its app that stands for a version or an alias of the function. In an app that it shares, an alias of Mayfly's would be one of all functions: there, versions have one,
 * which keeps their revision, and aliases have none.
 */
export function aliasIn({ name, app }: Placed, qualifier: string): string | undefined {
  if (app === undefined) return aliasFor(qualifier);
  return /^\d+$/.test(qualifier) ? `lambda-function-${name}-version-${qualifier}` : undefined;
}

/** The name by which calls ask the app for a version's revision. */
export function pinOf({ name, app }: Placed, version: number | string): string {
  return app === undefined ? String(version) : `${name}:${version}`;
}

/** The function's name, if the app has several, and the version for which the name of a pin stands. */
export function ofPin(pin: string): { name: string | undefined; version: number } {
  const [version = "", name] = pin.split(":").toReversed();
  return { name, version: Number(version) };
}
