import type { LambdaParts } from "../../control/lambda/lambda-parts.ts";
import type { EventSourceParts } from "../../control/lambda/event-sources.ts";
import type { CodeLinks } from "./code-links.ts";

/** What the routes of the Lambda API use. */
export interface LambdaDoorParts extends LambdaParts {
  links: CodeLinks;
  /** The address of a function's URL. */
  urlAddress: (id: string, region: string) => string;
  eventSources: Pick<EventSourceParts, "queues" | "batches">;
}
