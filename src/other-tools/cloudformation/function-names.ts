/** What a template's functions are called here. */
import type { Place } from "../document/place.ts";
import { isMap, textOf, type Value } from "../document/value.ts";
import { nameSchema } from "../../store/catalog/manifest.ts";

/** By logical id. CDK's ids end with a hash, so that the path of its constructs is taken instead. */
export function functionNames(functions: [string, Place][]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(functions.map(([id]) => id.toLowerCase()));
  for (const [id, place] of functions) {
    const path = constructName(place);
    const isFree = path !== undefined && (!taken.has(path.toLowerCase()) || path.toLowerCase() === id.toLowerCase());
    const name = isFree ? path : id;
    taken.add(name.toLowerCase());
    names.set(id, name);
  }
  return names;
}

/** `Shop/Orders/Handler/Resource` is `Orders-Handler`. */
function constructName(place: Place): string | undefined {
  const { value } = place.key("Metadata").key("aws:cdk:path");
  if (typeof value !== "string") return undefined;
  const parts = value.split("/").slice(1);
  if (parts.at(-1) === "Resource") parts.pop();
  const name = parts.join("-").replaceAll(/[^A-Za-z0-9_-]+/g, "-");
  return nameSchema.safeParse(name).success ? name : undefined;
}

/** Whether a custom resource is the function's only use: CDK adds such functions, which fill buckets or set the days that logs are kept. */
export function isForCloudFormation(id: string, resources: [string, Place][]): boolean {
  return resources.some(([, each]) => {
    const token = each.key("Properties").key("ServiceToken").value;
    return token !== undefined && names(token, id);
  });
}

/** Whether the value refers to the resource, in whatever functions of CloudFormation. */
function names(value: Value | undefined, id: string): boolean {
  return referred(value ?? null).includes(id);
}

/** The logical ids that a value refers to. */
export function referred(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap(referred);
  if (!isMap(value)) return [];
  return [...value].flatMap(([key, each]) => {
    if (key === "Ref" && typeof each === "string") return [each];
    if (key === "Fn::GetAtt") return [textOf([each].flat()[0]).split(".", 1)[0]!];
    if (key === "Fn::Sub") return subNames([each].flat()[0]).concat(referred(each));
    return referred(each);
  });
}

function subNames(text: Value | undefined): string[] {
  return typeof text === "string" ? Array.from(text.matchAll(/\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}/g), ([, id]) => id!) : [];
}
