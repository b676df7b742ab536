import { createUrl, deleteUrl, updateUrl, type UrlChange, urlOf, urlsOf } from "../../../control/lambda/urls.ts";
import { LATEST } from "../../../store/lambda/lambda-store.ts";
import type { UrlRecord } from "../../../store/lambda/records.ts";
import type { Named } from "../../../control/lambda/require-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, marked, pageOf } from "../pages.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, type Members } from "../read-request.ts";
import { urlShown } from "../show.ts";

const PATH = "/2021-10-31/functions/{FunctionName}/url";

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
  const cors = body.object("Cors");
  constraints.oneOf("authType", auth, ["NONE", "AWS_IAM"]).oneOf("invokeMode", mode, ["RESPONSE_STREAM", "BUFFERED"]);
  if (cors !== undefined) checkCors(cors, constraints);
  constraints.check();
  return {
    ...(auth !== undefined && { authType: auth as UrlRecord["authType"] }),
    ...(mode !== undefined && { invokeMode: mode }),
    ...(cors !== undefined && { cors: readCors(cors) }),
  };
}

/** How many members the lists may have, and how long these may be. */
const lists = { AllowHeaders: [100, 1_024], AllowMethods: [6, 6], AllowOrigins: [100, 253], ExposeHeaders: [100, 1_024] } as const;

function checkCors(cors: Members, constraints: Constraints): void {
  for (const [name, [most, longest]] of Object.entries(lists)) {
    const at = `cors.${name[0]!.toLowerCase()}${name.slice(1)}`;
    const least = name === "AllowOrigins" ? 1 : 0;
    const rules = `Member must have length less than or equal to ${longest}, Member must have length greater than or equal to ${least}, Member must satisfy regular expression pattern: .*`;
    constraints
      .count(at, cors.texts(name), 0, most)
      .each(at, cors.texts(name), (text) => text.length >= least && text.length <= longest && /^.*$/.test(text), rules);
  }
  constraints.range("cors.maxAge", cors.integer("MaxAge"), 0, 86_400);
}

function readCors(cors: Members): Record<string, unknown> {
  const texts = Object.keys(lists).map((name) => [name, cors.texts(name)] as const);
  const rest = [["AllowCredentials", cors.flag("AllowCredentials")] as const, ["MaxAge", cors.integer("MaxAge")] as const];
  return Object.fromEntries([...texts, ...rest].filter(([, value]) => value !== undefined));
}

function shown(parts: LambdaDoorParts, { account }: LambdaCall, { name, qualifier }: Named, url: UrlRecord): object {
  return urlShown(account, name, qualifier, url, (id) => parts.urlAddress(id, account.region));
}

function create(parts: LambdaDoorParts, call: LambdaCall) {
  const named = namedIn(call);
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
  const named = namedIn(call);
  return { status: 200, body: whole(parts, call, named, urlOf(parts, call.account, named)) };
}

function update(parts: LambdaDoorParts, call: LambdaCall) {
  const named = namedIn(call);
  const url = updateUrl(parts, call.account, named, readChange(bodyOf(call), false));
  const more = {
    LastModifiedTime: new Date(url.lastModified).toISOString(),
    ...(url.invokeMode !== null && { InvokeMode: url.invokeMode }),
  };
  return { status: 200, body: { ...shown(parts, call, named, url), ...more } };
}

function remove(parts: LambdaDoorParts, call: LambdaCall) {
  deleteUrl(parts, call.account, namedIn(call));
  return { status: 204 };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  const { name } = namedIn(call);
  const asked = askedOf(call.query);
  const page = pageOf(urlsOf(parts, call.account, name), asked, ({ qualifier }) => qualifier);
  const configs = page.items.map(({ qualifier, url }) =>
    whole(parts, call, { name, qualifier: qualifier === LATEST ? undefined : qualifier }, url),
  );
  return { status: 200, body: { FunctionUrlConfigs: configs, ...marked(page) } };
}
