/** The events of a function of serverless.yml: HTTP becomes routes, everything else is passed over. */
import { BadToolFile } from "../document/bad-tool-file.ts";
import type { Place } from "../document/place.ts";
import { isScalar, Unknown } from "../document/value.ts";
import { routeKey, routeKeyOfText } from "../routes.ts";
import { DEFAULT_ROUTE } from "../../store/catalog/route-schema.ts";
import type { PassedOver, Payload, ToolAccess, ToolRoute } from "../translation.ts";
import type { Service } from "./service.ts";
import { strictest } from "../access.ts";

export interface Events {
  routes: ToolRoute[];
  access: ToolAccess;
  passedOver: PassedOver[];
}

export function eventsOf(func: Place, service: Service): Events {
  const routes: ToolRoute[] = [];
  const passedOver: PassedOver[] = [];
  const ways: ToolAccess[] = [];
  for (const event of func.key("events").items()) {
    const [name, place] = eventIn(event);
    const read = readers.get(name);
    if (read === undefined) {
      passedOver.push({ at: place.at, why: `Nothing here starts functions by ${name} yet.` });
      continue;
    }
    const { key, payload, access, notes } = read(place, service);
    routes.push({ key, at: place.at, payload });
    ways.push(access);
    passedOver.push(...notes);
  }
  const url = func.key("url");
  if (url.isThere && url.value !== false) ways.push(url.key("authorizer").text() === "aws_iam" ? "token" : "public");
  // What no HTTP event leads to cannot be called from outside at Amazon.
  return { routes, access: strictest(ways), passedOver };
}

/** `- httpApi: GET /x`, or the name alone. */
function eventIn(event: Place): [string, Place] {
  if (typeof event.value === "string") return [event.value, event];
  if (event.value instanceof Unknown) return [event.value.source, event];
  const [first] = event.entries();
  if (first === undefined) throw new BadToolFile(event.at, "it is no event: each begins with its kind, such as httpApi");
  return first;
}

interface HttpEvent {
  key: string;
  payload: Payload;
  access: ToolAccess;
  notes: PassedOver[];
}

const readers = new Map<string, (place: Place, service: Service) => HttpEvent>([
  ["httpApi", httpApi],
  ["http", http],
]);

function httpApi(place: Place, service: Service): HttpEvent {
  const payload = service.provider.key("httpApi").key("payload").text() === "1.0" ? "1.0" : "2.0";
  return { key: httpApiKey(place), payload, access: jwtOf(place.key("authorizer"), service), notes: [] };
}

function httpApiKey(place: Place): string {
  if (isScalar(place.value)) return routeKeyOfText(String(place.value), place.at);
  const [method, path] = [place.key("method").text() ?? "*", place.key("path").requiredText()];
  return path === "*" ? DEFAULT_ROUTE : routeKey(method, path, place.at);
}

/** Of an HTTP API: one that the provider defines by name, or IAM. */
function jwtOf(authorizer: Place, service: Service): ToolAccess {
  if (!authorizer.isThere) return "public";
  const name = isScalar(authorizer.value) ? String(authorizer.value) : (authorizer.key("name").text() ?? "");
  const defined = service.authorizers.key(name);
  const [issuer, audience] = [defined.key("issuerUrl").value, defined.key("audience").items()];
  const texts = audience.flatMap(({ value }) => (typeof value === "string" ? [value] : []));
  return typeof issuer === "string" && texts.length > 0 && texts.length === audience.length ? { issuer, audience: texts } : "token";
}

function http(place: Place): HttpEvent {
  const key = isScalar(place.value)
    ? routeKeyOfText(String(place.value), place.at)
    : routeKey(place.key("method").requiredText(), place.key("path").text() ?? "/", place.at);
  const notes: PassedOver[] = [];
  if (place.key("cors").isThere && place.key("cors").value !== false)
    notes.push({
      at: `${place.at}.cors`,
      why: "CORS is not taken over: answer OPTIONS in the function.",
    });
  if (place.key("request").isThere)
    notes.push({ at: `${place.at}.request`, why: "Requests are not checked before the function sees them." });
  const isPrivate = place.key("authorizer").isThere || place.key("private").value === true;
  return { key, payload: "1.0", access: isPrivate ? "token" : "public", notes };
}
