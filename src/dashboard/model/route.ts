/** Which page an address is of. Pages are behind the `#`, so that the server has one page and the address can be kept and shared. Pure. */

export interface Route {
  /** The parts of the path, decoded: ["apps", "shop"]. */
  path: string[];
  query: URLSearchParams;
}

/** @param hash as in the address: "#/apps/shop?tab=logs" */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

export function hashOf(path: readonly string[], query: Record<string, string> = {}): string {
  const pairs = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${pairs === "" ? "" : `?${pairs}`}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Where a function is called. @param tenant its name; `main` and empty stand in no URL */
export function functionUrl(gateway: string, tenant: string, app: string, name: string): string {
  const parts = [...(tenant === "" || tenant === "main" ? [] : [`@${tenant}`]), encodeURIComponent(app), encodeURIComponent(name)];
  return [gateway.replace(/\/+$/, ""), ...parts].join("/");
}

const dots = /^(?:\.|%2e){1,2}$/i;

/** Whether a request with this path is for what it says: browsers drop `.` and `..` together with what is before them, so that a name of dots would lead to another route. */
export function isAsItSays(path: string): boolean {
  return !path.split("/").some((part) => dots.test(part));
}
