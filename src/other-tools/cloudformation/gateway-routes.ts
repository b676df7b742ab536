/** What leads to functions from outside, where a template says so by resources of their own, as those of CDK do. */
import { BadToolFile } from "../document/bad-tool-file.ts";
import { Place } from "../document/place.ts";
import type { Value } from "../document/value.ts";
import { corsOf } from "../cors.ts";
import { routeKey, routeKeyOfText } from "../routes.ts";
import type { ToolAccess } from "../translation.ts";
import { referred } from "./function-names.ts";
import { evaluate, type Scope } from "./intrinsics.ts";
import { evaluated, type FoundRoute } from "./lambda-function.ts";

type Resources = ReadonlyMap<string, Place>;

/** The parts of a path of API Gateway, one below the other, at most. */
const MOST_PARTS = 100;

/** By the logical id of the function. */
export function gatewayRoutes(resources: Resources, scope: Scope): Map<string, FoundRoute[]> {
  const found = new Map<string, FoundRoute[]>();
  for (const place of resources.values()) {
    const { value } = place.key("Type");
    const read = typeof value === "string" ? readers.get(value) : undefined;
    const properties = place.key("Properties");
    if (read === undefined) continue;
    const { target, route } = read(properties, resources, scope);
    const id = functionOf(target, resources);
    if (id !== undefined) found.set(id, [...(found.get(id) ?? []), route()]);
  }
  return found;
}

interface Way {
  /** Refers to the function. */
  target: Value | undefined;
  /** Called if it does. */
  route: () => FoundRoute;
}

const readers = new Map<string, (properties: Place, resources: Resources, scope: Scope) => Way>([
  ["AWS::ApiGatewayV2::Route", httpRoute],
  ["AWS::ApiGateway::Method", restMethod],
  ["AWS::Lambda::Url", functionUrl],
]);

function httpRoute(properties: Place, resources: Resources, scope: Scope): Way {
  const [integration] = referred(properties.key("Target").value ?? null).flatMap((id) => resources.get(id) ?? []);
  const key = () => routeKeyOfText(properties.key("RouteKey").requiredText(), properties.at);
  const payload = integration?.key("Properties").key("PayloadFormatVersion").value === "1.0" ? "1.0" : "2.0";
  return {
    target: integration?.key("Properties").key("IntegrationUri").value,
    route: () => ({
      route: { key: key(), at: properties.at, payload },
      access: accessOfRoute(properties, resources, scope),
      cors: corsOf(api(properties, resources, scope)),
    }),
  };
}

/** REST APIs of CDK answer OPTIONS by resources of their own, which have no function. */
const nothing = new Place(undefined, "");

function api(properties: Place, resources: Resources, scope: Scope): Place {
  const [id] = referred(properties.key("ApiId").value ?? null);
  const found = id === undefined ? undefined : resources.get(id);
  return found === undefined ? nothing : evaluated(found.key("Properties").key("CorsConfiguration"), scope);
}

const IAM = "AWS_IAM";

function accessOfRoute(properties: Place, resources: Resources, scope: Scope): ToolAccess {
  const type = properties.key("AuthorizationType").value;
  if (type === undefined || type === "NONE") return "public";
  if (type === IAM) return "aws";
  const [authorizer] = referred(properties.key("AuthorizerId").value ?? null).flatMap((id) => resources.get(id) ?? []);
  const configuration = new Place(evaluate(authorizer?.key("Properties").key("JwtConfiguration").value ?? null, scope, properties.at), "");
  const issuer = configuration.key("Issuer").value;
  const audience = configuration
    .key("Audience")
    .items()
    .flatMap(({ value }) => (typeof value === "string" ? [value] : []));
  return type === "JWT" && typeof issuer === "string" && audience.length > 0 ? { issuer, audience } : "token";
}

function accessOfMethod(properties: Place): ToolAccess {
  const type = properties.key("AuthorizationType").value;
  if (type === IAM) return "aws";
  return (type === undefined || type === "NONE") && properties.key("ApiKeyRequired").value !== true ? "public" : "token";
}

/** Of a function's URL. */
export function accessOfUrl(authType: Place): ToolAccess {
  if (authType.value === IAM) return "aws";
  return authType.value === "NONE" ? "public" : "token";
}

function restMethod(properties: Place, resources: Resources): Way {
  const key = () =>
    routeKey(
      properties.key("HttpMethod").requiredText(),
      pathOf(properties.key("ResourceId").value, resources, properties.at),
      properties.at,
    );
  return {
    target: properties.key("Integration").key("Uri").value,
    route: () => ({ route: { key: key(), at: properties.at, payload: "1.0" }, access: accessOfMethod(properties), cors: corsOf(nothing) }),
  };
}

/** Resources of API Gateway have a part of the path each, and name the one above. */
function pathOf(resource: Value | undefined, resources: Resources, at: string): string {
  const parts: string[] = [];
  let above = parentOf(resource, resources);
  while (above !== undefined) {
    parts.unshift(above.key("Properties").key("PathPart").requiredText());
    if (parts.length > MOST_PARTS) throw new BadToolFile(at, `its path has over ${MOST_PARTS} parts, or leads in a circle`);
    above = parentOf(above.key("Properties").key("ParentId").value, resources);
  }
  return `/${parts.join("/")}`;
}

function parentOf(value: Value | undefined, resources: Resources): Place | undefined {
  return referred(value ?? null)
    .flatMap((id) => resources.get(id) ?? [])
    .find((each) => each.key("Type").value === "AWS::ApiGateway::Resource");
}

function functionUrl(properties: Place, _: Resources, scope: Scope): Way {
  const access = accessOfUrl(properties.key("AuthType"));
  return {
    target: properties.key("TargetFunctionArn").value,
    route: () => ({ route: undefined, access, cors: corsOf(evaluated(properties.key("Cors"), scope)) }),
  };
}

const functionTypes = new Set<Value | undefined>(["AWS::Lambda::Function", "AWS::Serverless::Function"]);

/** The function that a value refers to, perhaps by an alias or a version. */
function functionOf(target: Value | undefined, resources: Resources): string | undefined {
  for (const id of referred(target ?? null)) {
    const place = resources.get(id);
    if (place === undefined) continue;
    const type = place.key("Type").value;
    if (functionTypes.has(type)) return id;
    if (type !== "AWS::Lambda::Alias" && type !== "AWS::Lambda::Version") continue;
    const [named] = referred(place.key("Properties").key("FunctionName").value ?? null);
    if (named !== undefined && functionTypes.has(resources.get(named)?.key("Type").value)) return named;
  }
  return undefined;
}
