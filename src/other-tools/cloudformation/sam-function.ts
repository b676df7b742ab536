/** A function of the type AWS::Serverless::Function, which SAM makes several resources of. */
import { Place } from "../document/place.ts";
import { isMap, isScalar, textOf, Unknown, type Value, type ValueMap } from "../document/value.ts";
import { DEFAULT_ROUTE } from "../../store/catalog/route-schema.ts";
import { corsOf } from "../cors.ts";
import { routeKey } from "../routes.ts";
import type { PassedOver, ToolAccess, ToolCode } from "../translation.ts";
import { evaluated, type FoundRoute, imageRefused, type Lambda, pathOf, type Read, readFunction } from "./lambda-function.ts";
import { accessOfUrl } from "./gateway-routes.ts";
import { jwtOf } from "./sam-authorizers.ts";

export function samFunction(lambda: Lambda): Read {
  const { place, scope, globals, name } = lambda;
  const own = evaluated(place.key("Properties"), scope);
  const usual = evaluated(globals.key("Function"), scope);
  const properties = new Place(merged(usual.value ?? null, own.value ?? null), own.at);
  if (properties.key("PackageType").value === "Image") throw imageRefused(properties.key("PackageType").at, name);
  const { routes, notes } = eventsOf(lambda, properties);
  const url = properties.key("FunctionUrlConfig");
  if (url.isThere) routes.push({ route: undefined, access: accessOfUrl(url.key("AuthType")), cors: corsOf(url.key("Cors")) });
  const read = readFunction(lambda, properties, codeOf(lambda, properties), routes);
  return { found: read.found, passedOver: [...notes, ...read.passedOver] };
}

/** As SAM merges Globals: maps key by key, lists one after the other, and anything else is the function's own. */
function merged(usual: Value, own: Value): Value {
  if (isMap(usual) && isMap(own)) {
    const all: ValueMap = new Map(usual);
    for (const [key, value] of own) all.set(key, all.has(key) ? merged(all.get(key)!, value) : value);
    return all;
  }
  if (Array.isArray(usual) && Array.isArray(own)) return [...usual, ...own];
  return own ?? usual;
}

function codeOf({ place }: Lambda, properties: Place): ToolCode {
  const inline = properties.key("InlineCode").text();
  if (inline !== undefined) return { kind: "inline", text: inline, at: properties.key("InlineCode").at };
  const uri = properties.key("CodeUri");
  const path = isMap(uri.value) && uri.key("Bucket").isThere ? `s3://${textOf(uri.key("Bucket").value)}` : (uri.text() ?? ".");
  const code = pathOf(path, uri.isThere ? uri.at : `${place.at}.Properties`);
  const entry = place.key("Metadata").key("BuildProperties").key("EntryPoints").items()[0]?.value;
  return code.kind === "folder" && typeof entry === "string" ? { ...code, entry } : code;
}

interface Events {
  routes: FoundRoute[];
  notes: PassedOver[];
}

function eventsOf(lambda: Lambda, properties: Place): Events {
  const events: Events = { routes: [], notes: [] };
  for (const [, event] of properties.key("Events").entries()) {
    const type = event.key("Type").requiredText();
    const own = event.key("Properties");
    const read = readers.get(type);
    if (read === undefined) events.notes.push({ at: event.at, why: `Nothing here starts functions by ${type} yet.` });
    else events.routes.push(read(own, lambda));
  }
  return events;
}

const readers = new Map<string, (own: Place, lambda: Lambda) => FoundRoute>([
  ["Api", api],
  ["HttpApi", httpApi],
]);

function api(own: Place, lambda: Lambda): FoundRoute {
  const key = routeKey(own.key("Method").requiredText(), own.key("Path").requiredText(), own.at);
  return {
    route: { key, at: own.at, payload: "1.0" },
    access: accessOfEvent(own, lambda, "Api"),
    cors: corsOf(ofApi(own, lambda, "Api", "Cors")),
  };
}

function httpApi(own: Place, lambda: Lambda): FoundRoute {
  const path = own.key("Path").text();
  const payload = own.key("PayloadFormatVersion").text() === "1.0" ? "1.0" : "2.0";
  const key = path === undefined || path === DEFAULT_ROUTE ? DEFAULT_ROUTE : routeKey(own.key("Method").text() ?? "any", path, own.at);
  return {
    route: { key, at: own.at, payload },
    access: accessOfEvent(own, lambda, "HttpApi"),
    cors: corsOf(ofApi(own, lambda, "HttpApi", "CorsConfiguration")),
  };
}

/** An event's own authorizer, or the API's default: that of a resource that RestApiId or ApiId names, or of Globals. */
function accessOfEvent(own: Place, lambda: Lambda, kind: "Api" | "HttpApi"): ToolAccess {
  const auth = own.key("Auth");
  const given = auth.key("Authorizer").value;
  if (given === "NONE") return "public";
  const apiAuth = ofApi(own, lambda, kind, "Auth");
  const name = isScalar(given) ? String(given) : apiAuth.key("DefaultAuthorizer").text();
  const isKeyed =
    auth.key("ApiKeyRequired").value === true ||
    (apiAuth.key("ApiKeyRequired").value === true && auth.key("ApiKeyRequired").value !== false);
  if (name === undefined) return isKeyed ? "token" : "public";
  if (name === "AWS_IAM") return "aws";
  return jwtOf(apiAuth.key("Authorizers").key(name)) ?? "token";
}

/** A property of the event's API, evaluated. */
function ofApi(own: Place, { globals, scope, resources }: Lambda, kind: "Api" | "HttpApi", property: string): Place {
  const named = own.key(kind === "Api" ? "RestApiId" : "ApiId").value;
  const id = referredId(named);
  const resource = id === undefined ? undefined : resources.get(id);
  return evaluated((resource === undefined ? globals.key(kind) : resource.key("Properties")).key(property), scope);
}

/** The logical id that `Ref` named: nothing here has the API's real id, so the value is unknown, and says what it stands for. */
function referredId(value: Value | undefined): string | undefined {
  return value instanceof Unknown ? value.source : isScalar(value) ? String(value) : undefined;
}
