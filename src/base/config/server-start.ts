import type { Logger } from "pino";
import type { Clock } from "../clock/clock.ts";
import type { Config } from "./schema.ts";

/** What every step of a server's start receives. */
export interface ServerStart {
  config: Config;
  clock: Clock;
  log: Logger;
  /** A step registers here how what it has opened is closed; the server closes all of it in reverse order. */
  closing: AsyncDisposableStack;
}
