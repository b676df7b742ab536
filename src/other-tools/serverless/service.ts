import type { Place } from "../document/place.ts";
import type { ToolOptions } from "../options.ts";

/** What the functions of serverless.yml have in common, with all variables resolved. */
export interface Service {
  provider: Place;
  package: Place;
  /** Authorizers of the HTTP API by name. */
  authorizers: Place;
  options: ToolOptions;
}
