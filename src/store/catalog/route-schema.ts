/**
 * The entries of `routes` in mayfly.json: which requests go to which function, written as API Gateway's route keys are: `GET /users/{id}`, `ANY /files/{path+}`,
 * `$default`.
 */
import { z } from "zod";
import { nameSchema } from "./name-schema.ts";
import { recordOf } from "./record-of.ts";

/** The key of the route that takes what no other takes. */
export const DEFAULT_ROUTE = "$default";
/** What a host names in place of a function for the app's routes. No function can have the name. */
export const ALL_ROUTES = "$routes";
/** A route's method that stands for every method. */
export const ANY_METHOD = "ANY";

/** In characters. */
const MOST_OF_ROUTE = 1_024;
const MOST_ROUTES = 1_000;

const METHOD = /^[A-Z]{1,20}$/;
/** What a path can have in a request, without what ends a part of it. */
const LITERAL = /^[A-Za-z0-9._~!$&'()*+,;=:@%-]+$/;
const PARAMETER = /^\{([A-Za-z0-9._-]{1,64})(\+?)\}$/;

/** One part of a path between two slashes. */
type PathPart = { literal: string } | { parameter: string; takesRest: boolean };

export interface RoutePattern {
  /** `ANY` stands for each. */
  method: string;
  parts: PathPart[];
}

const routeKeySchema = z
  .string()
  .max(MOST_OF_ROUTE)
  .superRefine((key, context) => {
    const pattern = key === DEFAULT_ROUTE ? undefined : readRoute(key);
    if (typeof pattern === "string") context.addIssue({ code: "custom", message: pattern });
  });

export const routesSchema = recordOf(routeKeySchema, nameSchema).optional();

/** @returns what is wrong with the key, as a clause, if it is no method and path. `$default` has neither. */
export function readRoute(key: string): RoutePattern | string {
  const space = key.indexOf(" ");
  const [method, path] = [key.slice(0, Math.max(space, 0)), key.slice(space + 1)];
  if (!METHOD.test(method) || !path.startsWith("/"))
    return 'must be a method in capitals, or ANY, a space and a path, as in "GET /users/{id}"; or "$default"';
  const texts = path === "/" ? [] : path.slice(1).split("/");
  const parts = texts.map(readPart);
  const wrong = parts.findIndex((part) => part === undefined);
  if (wrong >= 0)
    return `must have parts such as users, {id} or at the end {path+}, and not ${JSON.stringify(texts[wrong])}${texts[wrong] === "" ? ": leave out the second or last slash" : ""}`;
  const known = parts as PathPart[];
  if (known.some((part, at) => "parameter" in part && part.takesRest && at < known.length - 1)) return "must have {name+} at its end alone";
  const names = known.flatMap((part) => ("parameter" in part ? [part.parameter] : []));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? { method, parts: known } : `must have each parameter once, and has {${twice}} twice`;
}

function readPart(text: string): PathPart | undefined {
  const [, parameter, rest] = PARAMETER.exec(text) ?? [];
  if (parameter !== undefined) return { parameter, takesRest: rest === "+" };
  return LITERAL.test(text) ? { literal: text } : undefined;
}

/** The first thing that is wrong with the routes of an app, each of which is a route. */
export function wrongRoutes(routes: Record<string, string>, functions: object): { path: string[]; what: string } | undefined {
  const keys = Object.keys(routes);
  if (keys.length > MOST_ROUTES) return { path: [], what: `must have at most ${MOST_ROUTES} entries` };
  const shapes = new Map<string, string>();
  for (const key of keys) {
    if (!Object.hasOwn(functions, routes[key]!)) return { path: [key], what: "must be the name of a function" };
    const shape = shapeOf(key);
    const other = shapes.get(shape);
    if (other !== undefined) return { path: [key], what: `must not be beside ${JSON.stringify(other)}, which is for the same requests` };
    shapes.set(shape, key);
  }
  return undefined;
}

/** Equal for routes that are for the same requests: the names of parameters make no difference. */
function shapeOf(key: string): string {
  const pattern = key === DEFAULT_ROUTE ? key : readRoute(key);
  if (typeof pattern === "string") return key;
  return `${pattern.method} ${pattern.parts.map((part) => ("literal" in part ? part.literal : part.takesRest ? "{+}" : "{}")).join("/")}`;
}
