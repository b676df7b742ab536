/** The health of the gateway, for load balancers, at every host. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { mayBePlatforms } from "./platform-paths.ts";

const HEALTH = "/_mayfly/health";

export function isHealth(path: string): boolean {
  return mayBePlatforms(path) && (path === HEALTH || path.startsWith(`${HEALTH}?`));
}

export function tellHealth(request: IncomingMessage, response: ServerResponse, draining: boolean): void {
  const body = draining ? '{"status":"draining"}\n' : '{"status":"ok"}\n';
  response.writeHead(draining ? 503 : 200, [
    "content-type",
    "application/json",
    "content-length",
    String(body.length),
    "cache-control",
    "no-store",
  ]);
  response.end(request.method === "HEAD" ? undefined : body);
}
