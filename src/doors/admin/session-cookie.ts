/** The cookie of a session. Its name has the port, because a browser keeps the cookies of all ports of a host together. */
import type { Context } from "hono";
import { SESSION_COOKIE } from "./session-cookie-name.ts";
import { SESSION_MS } from "./sessions.ts";

/** The secrets in the request's cookies of this name: there may be several, because whatever answers under the same host name can set some for other paths. */
export function cookiesIn(context: Context): string[] {
  const name = nameOf(context);
  const pairs = (context.req.header("cookie") ?? "").split(";").map((pair) => pair.trim().split("=", 2));
  return pairs.flatMap(([key, value = ""]) => (key === name && value !== "" ? [value] : []));
}

/** @param secret empty: the browser forgets the cookie */
export function setCookie(context: Context, secret: string): void {
  const seconds = secret === "" ? 0 : SESSION_MS / 1_000;
  const secure = urlOf(context).protocol === "https:" ? "; Secure" : "";
  context.header("set-cookie", `${nameOf(context)}=${secret}; Path=/v1; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`);
}

function nameOf(context: Context): string {
  const { protocol, port } = urlOf(context);
  return `${SESSION_COOKIE}${port || (protocol === "https:" ? "443" : "80")}`;
}

function urlOf({ req }: Context): URL {
  return new URL(req.url);
}
