/** The cookie of a session. Its name has the port, because a browser keeps the cookies of all ports of a host together. */
import type { Context } from "hono";
import { SESSION_MS } from "./sessions.ts";

/** The secret in the request's cookie; undefined if it has none. */
export function cookieIn(context: Context): string | undefined {
  const name = nameOf(context);
  for (const pair of (context.req.header("cookie") ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name && value !== undefined && value !== "") return value;
  }
  return undefined;
}

/** @param secret empty: the browser forgets the cookie */
export function setCookie(context: Context, secret: string): void {
  const seconds = secret === "" ? 0 : SESSION_MS / 1_000;
  const secure = urlOf(context).protocol === "https:" ? "; Secure" : "";
  context.header("set-cookie", `${nameOf(context)}=${secret}; Path=/v1; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`);
}

function nameOf(context: Context): string {
  const { protocol, port } = urlOf(context);
  return `mayfly-session-${port || (protocol === "https:" ? "443" : "80")}`;
}

function urlOf({ req }: Context): URL {
  return new URL(req.url);
}
