/**
 * The `routes` of an app: which function a method and a path are for.
 *
 * 1. Of the routes that fit a path, the one with a literal part at the first difference is taken before one with a parameter, and that before one with a
 *    parameter for the rest. Of two with the same path, the one with the request's method is taken before `ANY`. `$default` comes last.
 * 2. Parts are compared as they are written: nothing is decoded. A slash at a path's end makes no difference, except to a parameter for the rest.
 * 3. A look-up visits each part of each route at most once, whatever the path is, because a part of a route has one place in the tree.
 */
import { ANY_METHOD, DEFAULT_ROUTE, readRoute, type RoutePattern } from "../../store/catalog/route-schema.ts";

/** The route of a request, as functions are told of it. */
export interface PathRoute {
  readonly function: string;
  /** As the manifest has it: `GET /users/{id}`. */
  readonly key: string;
  /** Names and values as a query has them, `id=7&path=a%2Fb`; empty if the route has none. */
  readonly parameters: string;
}

/** A route's end. */
interface Target {
  function: string;
  key: string;
  names: string[];
}

interface Branch {
  literals: Map<string, Branch>;
  parameter: Branch | undefined;
  /** By method. */
  ends: Map<string, Target>;
  /** Of routes that end with a parameter for the rest of the path. */
  rests: Map<string, Target>;
}

export class PathRoutes {
  readonly #root = newBranch();
  readonly #fallback: Target | undefined;

  /** @param routes route keys, each with the name of its function */
  constructor(routes: Record<string, string>) {
    for (const [key, name] of Object.entries(routes)) {
      const pattern = key === DEFAULT_ROUTE ? undefined : readRoute(key);
      if (typeof pattern === "object") this.#add(pattern, { function: name, key, names: namesOf(pattern) });
    }
    const fallback = Object.hasOwn(routes, DEFAULT_ROUTE) ? routes[DEFAULT_ROUTE] : undefined;
    if (fallback !== undefined) this.#fallback = { function: fallback, key: DEFAULT_ROUTE, names: [] };
  }

  /** @param path without the query */
  match(method: string, path: string): PathRoute | undefined {
    const parts = path.split("/").slice(1);
    const values: string[] = [];
    const target = find(this.#root, parts, 0, method, values) ?? this.#fallback;
    return target === undefined ? undefined : { function: target.function, key: target.key, parameters: inQuery(target.names, values) };
  }

  #add({ method, parts }: RoutePattern, target: Target): void {
    let branch = this.#root;
    for (const part of parts) {
      if ("parameter" in part && part.takesRest) return void branch.rests.set(method, target);
      branch = "literal" in part ? literalBranch(branch, part.literal) : (branch.parameter ??= newBranch());
    }
    branch.ends.set(method, target);
  }
}

/** @param values is given the values of the parameters on the way to what is found */
function find(branch: Branch, parts: string[], at: number, method: string, values: string[]): Target | undefined {
  const part = parts[at];
  if (part === undefined || (part === "" && at === parts.length - 1)) {
    const end = ofMethod(branch.ends, method);
    if (end !== undefined || part === undefined) return end;
  }
  const literal = branch.literals.get(part);
  const first = literal === undefined ? undefined : find(literal, parts, at + 1, method, values);
  if (first !== undefined) return first;
  if (branch.parameter !== undefined && part !== "") {
    values.push(part);
    const second = find(branch.parameter, parts, at + 1, method, values);
    if (second !== undefined) return second;
    values.pop();
  }
  if (branch.rests.size === 0) return undefined;
  const rest = parts.slice(at).join("/");
  const target = rest === "" ? undefined : ofMethod(branch.rests, method);
  if (target !== undefined) values.push(rest);
  return target;
}

function ofMethod(targets: Map<string, Target>, method: string): Target | undefined {
  return targets.get(method) ?? targets.get(ANY_METHOD);
}

/** The values stay encoded as the path has them; only what a query would give another meaning is encoded as well. */
function inQuery(names: string[], values: string[]): string {
  return names.map((name, at) => `${name}=${values[at]!.replaceAll("+", "%2B").replaceAll("&", "%26")}`).join("&");
}

function namesOf({ parts }: RoutePattern): string[] {
  return parts.flatMap((part) => ("parameter" in part ? [part.parameter] : []));
}

function literalBranch(branch: Branch, literal: string): Branch {
  const known = branch.literals.get(literal);
  if (known !== undefined) return known;
  const made = newBranch();
  branch.literals.set(literal, made);
  return made;
}

function newBranch(): Branch {
  return { literals: new Map(), parameter: undefined, ends: new Map(), rests: new Map() };
}
