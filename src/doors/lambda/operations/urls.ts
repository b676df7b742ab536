import { createUrl, deleteUrl, updateUrl, type UrlChange, urlOf, urlsOf } from "../../../control/lambda/urls.ts";
import { LATEST } from "../../../store/lambda/lambda-store.ts";
import type { UrlRecord } from "../../../store/lambda/records.ts";
import type { Named } from "../../../control/lambda/require-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, type Members, page } from "../read-request.ts";
import { urlShown } from "../show.ts";

const PATH = "/2021-10-31/functions/{FunctionName}/url";
const MOST_LISTED = 50;
const rule = { qualifier: { pattern: "((?!^\\d+$)^[0-9a-zA-Z-_]+$)", test: /^(?!\d+$)[0-9a-zA-Z-_]+$/ } };

export function urlRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    { operation: "CreateFunctionUrlConfig", method: "POST", path: PATH, right: "deploy", handle: (call) => create(parts, call) },
    { operation: "GetFunctionUrlConfig", method: "GET", path: PATH, right: "read", handle: (call) => get(parts, call) },
    { operation: "UpdateFunctionUrlConfig", method: "PUT", path: PATH, right: "deploy", handle: (call) => update(parts, call) },
    { operation: "DeleteFunctionUrlConfig", method: "DELETE", path: PATH, right: "deploy", handle: (call) => remove(parts, call) },
    { operation: "ListFunctionUrlConfigs", method: "GET", path: `${PATH}s`, right: "read", handle: (call) => list(parts, call) },
  ];
}

function readChange(body: Members, whole: boolean): UrlChange {
  const [auth, mode] = [body.text("AuthType"), body.text("InvokeMode")];
  const constraints = new Constraints();
  if (whole) constraints.required("authType", auth);
  constraints.oneOf("authType", auth, ["NONE", "AWS_IAM"]).oneOf("invokeMode", mode, ["RESPONSE_STREAM", "BUFFERED"]).check();
  const cors = body.object("Cors");
  return {
    ...(auth !== undefined && { authType: auth as UrlRecord["authType"] }),
    ...(mode !== undefined && { invokeMode: mode }),
    ...(cors !== undefined && { cors: readCors(cors) }),
  };
}

function readCors(cors: Members): Record<string, unknown> {
  const lists = ["AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders"].map((name) => [name, cors.texts(name)] as const);
  const rest = [["AllowCredentials", cors.flag("AllowCredentials")] as const, ["MaxAge", cors.integer("MaxAge")] as const];
  return Object.fromEntries([...lists, ...rest].filter(([, value]) => value !== undefined));
}

function shown(parts: LambdaDoorParts, { account }: LambdaCall, { name, qualifier }: Named, url: UrlRecord): object {
  return urlShown(account, name, qualifier, url, (id) => parts.urlAddress(id, account.region));
}

function create(parts: LambdaDoorParts, call: LambdaCall) {
  const named = namedIn(call, rule);
  const change = readChange(bodyOf(call), true);
  const url = createUrl(parts, call.account, named, { ...change, authType: change.authType! });
  return { status: 201, body: { ...shown(parts, call, named, url), ...(url.invokeMode !== null && { InvokeMode: url.invokeMode }) } };
}

/** With what create and update leave out. */
function whole(parts: LambdaDoorParts, call: LambdaCall, named: Named, url: UrlRecord): object {
  return {
    ...shown(parts, call, named, url),
    LastModifiedTime: new Date(url.lastModified).toISOString(),
    InvokeMode: url.invokeMode ?? "BUFFERED",
  };
}

function get(parts: LambdaDoorParts, call: LambdaCall) {
  const named = namedIn(call, rule);
  return { status: 200, body: whole(parts, call, named, urlOf(parts, call.account, named)) };
}

function update(parts: LambdaDoorParts, call: LambdaCall) {
  const named = namedIn(call, rule);
  const url = updateUrl(parts, call.account, named, readChange(bodyOf(call), false));
  const more = {
    LastModifiedTime: new Date(url.lastModified).toISOString(),
    ...(url.invokeMode !== null && { InvokeMode: url.invokeMode }),
  };
  return { status: 200, body: { ...shown(parts, call, named, url), ...more } };
}

function remove(parts: LambdaDoorParts, call: LambdaCall) {
  deleteUrl(parts, call.account, namedIn(call, rule));
  return { status: 204 };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  const { name } = namedIn(call);
  const { items, NextMarker } = page(urlsOf(parts, call.account, name), call.query, MOST_LISTED, ({ qualifier }) => qualifier);
  const configs = items.map(({ qualifier, url }) =>
    whole(parts, call, { name, qualifier: qualifier === LATEST ? undefined : qualifier }, url),
  );
  return { status: 200, body: { FunctionUrlConfigs: configs, ...(NextMarker !== undefined && { NextMarker }) } };
}
