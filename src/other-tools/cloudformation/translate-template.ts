/**
 * Reads a template of CloudFormation, with the resources of SAM, as far as functions are concerned. A template that CDK has synthesised is one, too: its functions
 * name their code by an asset.
 */
import { BadToolFile } from "../document/bad-tool-file.ts";
import { Budget } from "../document/budget.ts";
import { Place } from "../document/place.ts";
import { isMap, textOf, type Value, type ValueMap } from "../document/value.ts";
import { isWanted, refuseUnknown } from "../options.ts";
import { distinct } from "../passed-over.ts";
import type { PassedOver, ToolFunction, Translation } from "../translation.ts";
import { gatewayRoutes } from "./gateway-routes.ts";
import { holds, type Scope } from "./intrinsics.ts";
import { type Lambda, lambdaFunction } from "./lambda-function.ts";
import { passedOverResources } from "./passed-over-resources.ts";
import { emptyScope } from "./scope.ts";
import { samFunction } from "./sam-function.ts";
import type { TemplateOptions } from "./template-options.ts";
import { functionNames, isForCloudFormation } from "./function-names.ts";

const REGION = "us-east-1";

const SAM = "AWS::Serverless::Function";
const PLAIN = "AWS::Lambda::Function";

const nested = new Set(["AWS::CloudFormation::Stack", "AWS::Serverless::Application"]);

/** Throws BadToolFile. */
export function translateTemplate(file: Value, options: TemplateOptions): Translation {
  const resources = new Place(isMap(file) ? file.get("Resources") : undefined, "Resources");
  if (!isMap(file) || !isMap(resources.value)) throw new BadToolFile("Resources", "it is missing: this is no template of CloudFormation");
  const scope = scopeOf(file, options);
  const there = resources.entries().filter(([, each]) => isMap(each.value) && isMade(each, scope));
  refuseNested(there, options);
  const functions = there.filter(([, each]) => each.key("Type").value === SAM || each.key("Type").value === PLAIN);
  const names = functionNames(functions);
  refuseUnknown(
    options,
    [...names.values()],
    resources.entries().map(([id]) => id),
  );
  const byId = new Map(there);
  const routes = gatewayRoutes(byId, scope);
  const found: ToolFunction[] = [];
  const passedOver: PassedOver[] = [...unmade(resources, there)];
  for (const [id, place] of functions) {
    const name = names.get(id)!;
    if (!isWanted(name, options) || !isWanted(id, { only: new Set(), except: options.except })) continue;
    if (isForCloudFormation(id, there)) {
      passedOver.push({ at: place.at, why: "The function serves CloudFormation alone, which does not run here." });
      continue;
    }
    const given: Lambda = {
      id,
      name,
      place,
      scope,
      options,
      globals: new Place(file.get("Globals"), "Globals"),
      resources: byId,
      routes: routes.get(id) ?? [],
    };
    const read = place.key("Type").value === SAM ? samFunction(given) : lambdaFunction(given);
    found.push(read.found);
    passedOver.push(...read.passedOver);
  }
  return { name: undefined, functions: found, passedOver: distinct([...passedOver, ...passedOverResources(there)]) };
}

function scopeOf(file: ValueMap, { parameters: given, stack }: TemplateOptions): Scope {
  const parameters = new Map<string, Value | undefined>();
  for (const [name, place] of new Place(file.get("Parameters"), "Parameters").entries()) {
    const value = given.get(name) ?? place.key("Default").value ?? undefined;
    parameters.set(name, listed(value, place.key("Type").value));
  }
  const unknown = [...given.keys()].find((name) => !parameters.has(name));
  if (unknown !== undefined) throw new BadToolFile("Parameters", `it has no parameter ${unknown}, which --parameter names`);
  const mapOf = (key: string): ValueMap => {
    const value = file.get(key);
    return isMap(value) ? value : new Map();
  };
  return {
    ...emptyScope(new Budget(), { region: REGION, stack }),
    parameters,
    mappings: mapOf("Mappings"),
    conditions: mapOf("Conditions"),
  };
}

/** Lists are written with commas. */
function listed(value: Value | undefined, type: Value | undefined): Value | undefined {
  if (typeof value !== "string" || typeof type !== "string") return value;
  return type === "CommaDelimitedList" || type.startsWith("List<") ? value.split(",").map((each) => each.trim()) : value;
}

/** A condition that cannot be known counts as one that holds: a function that is missing would be the greater surprise. */
function isMade(resource: Place, scope: Scope): boolean {
  const { value, at } = resource.key("Condition");
  return typeof value !== "string" || holds(value, scope, at) !== false;
}

function unmade(resources: Place, there: [string, Place][]): PassedOver[] {
  const made = new Set(there.map(([id]) => id));
  return resources.entries().flatMap(([id, each]) => {
    const { value } = each.key("Type");
    const isFunction = value === SAM || value === PLAIN;
    return isFunction && !made.has(id) ? [{ at: each.at, why: `Its condition ${textOf(each.key("Condition").value)} does not hold.` }] : [];
  });
}

function refuseNested(resources: [string, Place][], { except }: TemplateOptions): void {
  for (const [id, place] of resources) {
    const { value } = place.key("Type");
    if (typeof value === "string" && nested.has(value) && !except.has(id))
      throw new BadToolFile(
        place.at,
        `it is a nested stack, whose functions are in a template of their own: deploy that as an app, and leave this one out by --except ${id}`,
      );
  }
}
