/** Operations on what this server has none of: capacity providers. None is found, and none can be made. */
import { invalidValue, notFound } from "../../../control/lambda/aws-error.ts";
import { type Account, partitionOf } from "../../../control/lambda/names.ts";
import { requireQualified } from "../../../control/lambda/require-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf } from "../pages.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";

const PROVIDERS = "/2025-11-30/capacity-providers";
const PROVIDER = `${PROVIDERS}/{CapacityProviderName}`;
const SCALING = "/2025-11-30/functions/{FunctionName}/function-scaling-config";

export function notHereRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [...providerRoutes(), ...scalingRoutes(parts)];
}

function providerRoutes(): LambdaRoute[] {
  const route = (operation: string, method: LambdaRoute["method"], path: string, handle: LambdaRoute["handle"]): LambdaRoute => ({
    operation,
    method,
    path,
    right: method === "GET" ? "read" : "deploy",
    handle,
  });
  return [
    route("CreateCapacityProvider", "POST", PROVIDERS, refuseProvider),
    route("ListCapacityProviders", "GET", PROVIDERS, listProviders),
    route("GetCapacityProvider", "GET", PROVIDER, noProvider),
    route("UpdateCapacityProvider", "PUT", PROVIDER, noProvider),
    route("DeleteCapacityProvider", "DELETE", PROVIDER, noProvider),
    route("ListFunctionVersionsByCapacityProvider", "GET", `${PROVIDER}/function-versions`, noProvider),
  ];
}

const NAME =
  "(arn:aws[a-zA-Z-]*:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:capacity-provider:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";
const name_ =
  /^(?:arn:aws[a-zA-Z-]*:lambda:(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d:\d{12}:capacity-provider:)?(?<name>[a-zA-Z0-9-_]+)$/;

function checkProvider(name: string | undefined, constraints = new Constraints()): void {
  constraints.length("capacityProviderName", name, 1, 140).pattern("capacityProviderName", name, NAME, name_).check();
}

export function capacityProviderNotFound(arn: string): Error {
  return notFound(`Capacity provider not found: ${arn}`);
}

function providerArn({ account, region }: Account, name: string): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${account}:capacity-provider:${name}`;
}

function noProvider({ account, params }: LambdaCall): never {
  const text = params["CapacityProviderName"]!;
  checkProvider(text);
  throw capacityProviderNotFound(providerArn(account, name_.exec(text)!.groups!["name"]!));
}

function listProviders({ query }: LambdaCall) {
  new Constraints().oneOf("state", query.get("State") ?? undefined, ["Pending", "Active", "Failed", "Deleting"]).check();
  askedOf(query);
  return { status: 200, body: { CapacityProviders: [] } };
}

function refuseProvider(call: LambdaCall): never {
  const body = bodyOf(call);
  const name = body.text("CapacityProviderName");
  const constraints = new Constraints()
    .required("capacityProviderName", name)
    .required("vpcConfig", body.object("VpcConfig"))
    .required("permissionsConfig", body.object("PermissionsConfig"));
  checkProvider(name, constraints);
  throw invalidValue("Capacity providers are not supported on this server.");
}

function scalingRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  const refuse = (call: LambdaCall): never => {
    const named = namedIn(call);
    new Constraints().required("qualifier", named.qualifier).check();
    requireQualified(parts, call.account, named);
    throw invalidValue("Scaling configurations are for functions of capacity providers, which are not supported on this server.");
  };
  return [
    { operation: "GetFunctionScalingConfig", method: "GET", path: SCALING, right: "read", handle: refuse },
    { operation: "PutFunctionScalingConfig", method: "PUT", path: SCALING, right: "deploy", handle: refuse },
  ];
}
