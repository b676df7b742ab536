/** The events of a function of serverless.yml: HTTP becomes routes, everything else is passed over. */
import { BadToolFile } from "../document/bad-tool-file.ts";
import type { Place } from "../document/place.ts";
import { isScalar, Unknown } from "../document/value.ts";
import { routeKey, routeKeyOfText } from "../routes.ts";
import { DEFAULT_ROUTE } from "../../store/catalog/route-schema.ts";
import type { PassedOver, Payload, ToolAccess, ToolRoute } from "../translation.ts";
import type { Service } from "./service.ts";
import { accessOf } from "../access.ts";
import { type Cors, corsOf } from "../cors.ts";
import type { CorsRule } from "../../store/catalog/access-schema.ts";

export interface Events {
  routes: ToolRoute[];
  access: ToolAccess;
  cors: CorsRule | undefined;
  passedOver: PassedOver[];
}

export function eventsOf(func: Place, service: Service): Events {
  const routes: ToolRoute[] = [];
  const passedOver: PassedOver[] = [];
  const ways: ToolAccess[] = [];
  const rules: CorsRule[] = [];
  for (const event of func.key("events").items()) {
    const [name, place] = eventIn(event);
    const read = readers.get(name);
    if (read === undefined) {
      passedOver.push({ at: place.at, why: `Nothing here starts functions by ${name} yet.` });
      continue;
    }
    const { key, payload, access, cors, notes } = read(place, service);
    routes.push({ key, at: place.at, payload });
    ways.push(access);
    if (cors.rule !== undefined) rules.push(cors.rule);
    passedOver.push(...notes, ...cors.passedOver);
  }
  const url = func.key("url");
  if (url.isThere && url.value !== false) {
    ways.push(url.key("authorizer").text() === "aws_iam" ? "aws" : "public");
    const { rule, passedOver: own } = corsOf(url.key("cors"));
    if (rule !== undefined) rules.push(rule);
    passedOver.push(...own);
  }
  const { access, passedOver: said } = accessOf(ways, func.at);
  return { routes, access, cors: rules[0], passedOver: [...passedOver, ...said] };
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
  cors: Cors;
  notes: PassedOver[];
}

const readers = new Map<string, (place: Place, service: Service) => HttpEvent>([
  ["httpApi", httpApi],
  ["http", http],
]);

function httpApi(place: Place, service: Service): HttpEvent {
  const payload = service.provider.key("httpApi").key("payload").text() === "1.0" ? "1.0" : "2.0";
  return {
    key: httpApiKey(place),
    payload,
    access: jwtOf(place.key("authorizer"), service),
    cors: corsOf(service.provider.key("httpApi").key("cors")),
    notes: [],
  };
}

function httpApiKey(place: Place): string {
  if (isScalar(place.value)) return routeKeyOfText(String(place.value), place.at);
  const [method, path] = [place.key("method").text() ?? "*", place.key("path").requiredText()];
  return path === "*" ? DEFAULT_ROUTE : routeKey(method, path, place.at);
}

/** Of an HTTP API: one that the provider defines by name, or IAM. */
function jwtOf(authorizer: Place, service: Service): ToolAccess {
  if (!authorizer.isThere) return "public";
  if (isIam(authorizer)) return "aws";
  const name = isScalar(authorizer.value) ? String(authorizer.value) : (authorizer.key("name").text() ?? "");
  const defined = service.authorizers.key(name);
  const [issuer, audience] = [defined.key("issuerUrl").value, defined.key("audience").items()];
  const texts = audience.flatMap(({ value }) => (typeof value === "string" ? [value] : []));
  return typeof issuer === "string" && texts.length > 0 && texts.length === audience.length ? { issuer, audience: texts } : "token";
}

/** `authorizer: aws_iam`, or the same as its type; REST APIs write it in capitals. */
function isIam(authorizer: Place): boolean {
  const type = isScalar(authorizer.value) ? String(authorizer.value) : authorizer.key("type").text();
  return type?.toLowerCase() === "aws_iam";
}

function accessOfRest(place: Place): ToolAccess {
  if (isIam(place.key("authorizer"))) return "aws";
  return place.key("authorizer").isThere || place.key("private").value === true ? "token" : "public";
}

function http(place: Place): HttpEvent {
  const key = isScalar(place.value)
    ? routeKeyOfText(String(place.value), place.at)
    : routeKey(place.key("method").requiredText(), place.key("path").text() ?? "/", place.at);
  const notes: PassedOver[] = [];
  if (place.key("request").isThere)
    notes.push({ at: `${place.at}.request`, why: "Requests are not checked before the function sees them." });
  return { key, payload: "1.0", access: accessOfRest(place), cors: corsOf(place.key("cors")), notes };
}
