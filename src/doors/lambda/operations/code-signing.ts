import {
  chosenCodeSigning,
  codeSigningArn,
  createCodeSigning,
  deleteCodeSigning,
  requireCodeSigning,
  setCodeSigning,
  updateCodeSigning,
} from "../../../control/lambda/code-signing.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { requireFunction } from "../../../control/lambda/require-function.ts";
import type { CodeSigningRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, markerOf, marked, MOST_ASKED, pageOf } from "../pages.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, type Members } from "../read-request.ts";
import { readTags } from "./tags.ts";

const ALL = "/2020-04-22/code-signing-configs";
const ONE = `${ALL}/{CodeSigningConfigArn}`;
const OF_FUNCTION = "/2020-06-30/functions/{FunctionName}/code-signing-config";

export function codeSigningRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    { operation: "CreateCodeSigningConfig", method: "POST", path: ALL, right: "deploy", handle: (call) => create(parts, call) },
    { operation: "ListCodeSigningConfigs", method: "GET", path: ALL, right: "read", handle: (call) => list(parts, call) },
    {
      operation: "GetCodeSigningConfig",
      method: "GET",
      path: ONE,
      right: "read",
      handle: (call) => answer(call, requireCodeSigning(parts, call.account, arnIn(call))),
    },
    {
      operation: "UpdateCodeSigningConfig",
      method: "PUT",
      path: ONE,
      right: "deploy",
      handle: (call) => answer(call, updateCodeSigning(parts, call.account, arnIn(call), readChange(bodyOf(call)))),
    },
    {
      operation: "DeleteCodeSigningConfig",
      method: "DELETE",
      path: ONE,
      right: "deploy",
      handle(call) {
        deleteCodeSigning(parts, call.account, arnIn(call));
        return { status: 204 };
      },
    },
    {
      operation: "ListFunctionsByCodeSigningConfig",
      method: "GET",
      path: `${ONE}/functions`,
      right: "read",
      handle: (call) => listFunctions(parts, call),
    },
    { operation: "PutFunctionCodeSigningConfig", method: "PUT", path: OF_FUNCTION, right: "deploy", handle: (call) => put(parts, call) },
    { operation: "GetFunctionCodeSigningConfig", method: "GET", path: OF_FUNCTION, right: "read", handle: (call) => get(parts, call) },
    {
      operation: "DeleteFunctionCodeSigningConfig",
      method: "DELETE",
      path: OF_FUNCTION,
      right: "deploy",
      handle(call) {
        setCodeSigning(parts, call.account, namedIn(call).name, undefined);
        return { status: 204 };
      },
    },
  ];
}

const ARN =
  "arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:code-signing-config:csc-[a-z0-9]{17}";
const arn_ = /^arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d:\d{12}:code-signing-config:csc-[a-z0-9]{17}$/;

export function checkCodeSigningArn(arn: string | undefined, constraints: Constraints): Constraints {
  return constraints.length("codeSigningConfigArn", arn, 0, 200).pattern("codeSigningConfigArn", arn, ARN, arn_);
}

function arnIn({ params }: LambdaCall): string {
  const arn = params["CodeSigningConfigArn"]!;
  checkCodeSigningArn(arn, new Constraints()).check();
  return arn;
}

const PROFILE = "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
const profile = /^arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:((eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d)?:(\d{12})?:.*$/;

function readChange(body: Members, constraints = new Constraints()) {
  const given = body.object("AllowedPublishers");
  const publishers = given?.texts("SigningProfileVersionArns");
  const policy = body.object("CodeSigningPolicies")?.text("UntrustedArtifactOnDeployment");
  const at = "allowedPublishers.signingProfileVersionArns";
  if (given !== undefined) constraints.required(at, publishers);
  constraints
    .count(at, publishers, 1, 20)
    .each(at, publishers, (arn) => profile.test(arn), `Member must satisfy regular expression pattern: ${PROFILE}`)
    .oneOf("codeSigningPolicies.untrustedArtifactOnDeployment", policy, ["Enforce", "Warn"])
    .length("description", body.text("Description"), 0, 256)
    .check();
  const description = body.text("Description");
  return {
    ...(description !== undefined && { description }),
    ...(publishers !== undefined && { publishers }),
    ...(policy !== undefined && { policy: policy as CodeSigningRecord["policy"] }),
  };
}

function create(parts: LambdaDoorParts, call: LambdaCall) {
  const body = bodyOf(call);
  const constraints = new Constraints().required("allowedPublishers", body.object("AllowedPublishers"));
  const { description = "", publishers = [], policy = "Warn" } = readChange(body, constraints);
  const tags = readTags(body.map("Tags") ?? {});
  return { ...answer(call, createCodeSigning(parts, call.account, { description, publishers, policy, tags })), status: 201 };
}

function answer({ account }: LambdaCall, record: CodeSigningRecord) {
  return { status: 200, body: { CodeSigningConfig: shown(account, record) } };
}

function shown(account: LambdaCall["account"], { id, description, publishers, policy, lastModified }: CodeSigningRecord): object {
  return {
    CodeSigningConfigId: id,
    CodeSigningConfigArn: codeSigningArn(account, id),
    Description: description,
    AllowedPublishers: { SigningProfileVersionArns: publishers },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment: policy },
    LastModified: new Date(lastModified).toISOString(),
  };
}

function list({ store }: LambdaDoorParts, { account, query }: LambdaCall) {
  const asked = askedOf(query, MOST_ASKED);
  const page = pageOf(store.codeSignings.page(account.tenant, "", asked.after ?? "", asked.count + 1), asked, ({ id }) => id);
  return { status: 200, body: { CodeSigningConfigs: page.items.map((each) => shown(account, each)), ...marked(page) } };
}

function listFunctions(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const { count, after = "" } = askedOf(query, MOST_ASKED);
  const { id } = requireCodeSigning(parts, account, arnIn(call));
  const some = parts.store.functionsSignedBy(account.tenant, id, after, count + 1);
  const names = some.slice(0, count);
  const next = some.length > count ? { NextMarker: markerOf(names.at(-1)!) } : {};
  return { status: 200, body: { FunctionArns: names.map((name) => functionArn(account, name)), ...next } };
}

function put(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name } = namedIn(call);
  const arn = bodyOf(call).text("CodeSigningConfigArn");
  checkCodeSigningArn(arn, new Constraints().required("codeSigningConfigArn", arn)).check();
  const id = chosenCodeSigning(parts, account, arn!);
  setCodeSigning(parts, account, name, id);
  return { status: 200, body: { CodeSigningConfigArn: codeSigningArn(account, id), FunctionName: name } };
}

/** AWS says nothing of a function that has none. */
function get(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name } = namedIn(call);
  const { codeSigning } = requireFunction(parts, account, { name }).record;
  return {
    status: 200,
    body: codeSigning === undefined ? {} : { CodeSigningConfigArn: codeSigningArn(account, codeSigning), FunctionName: name },
  };
}
