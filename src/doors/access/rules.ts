/** What a manifest says about who may call one function, in the form in which calls are checked. */
import { hash } from "node:crypto";
import { Ranges } from "../../base/network/addresses.ts";
import { type CorsRule, type IpRule, type JwtRule, type RateRule, type Way, waysOf } from "../../store/catalog/access-schema.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";

/** `app` and `tenant` are ids. */
export interface AccessRules {
  readonly tenant: string;
  readonly app: string;
  readonly appName: string;
  readonly function: string;
  /** Each is enough to be let in; empty if everybody may call. */
  readonly ways: readonly CheckedWay[];
  readonly rate: RateRule | undefined;
  readonly cors: CorsRule | undefined;
  readonly ips: IpRanges | undefined;
}

export type CheckedWay = { kind: "token" } | { kind: "aws" } | { kind: "signed-url" } | { kind: "jwt"; rule: CheckedJwt };

export interface CheckedJwt extends JwtRule {
  /** Differs between any two rules that differ. */
  readonly id: string;
}

interface IpRanges {
  readonly allow: Ranges | undefined;
  readonly deny: Ranges;
}

/** The function that a rule is about, with the manifest of its app. `app` and `tenant` are ids. */
interface Ruled {
  tenant: string;
  app: string;
  manifest: Pick<Manifest, "name" | "functions" | "access" | "rate" | "cors" | "ips">;
}

const known = new WeakMap<Ruled, Map<string, AccessRules | null>>();

/**
 * Null if everybody may call the function from everywhere at any rate, and the gateway adds no headers to its replies. The rules of one app are made once
 * for each of its functions, because calls by the paths of `routes` ask for them.
 */
export function rulesOf(ruled: Ruled, name: string): AccessRules | null {
  const ofApp = known.get(ruled) ?? new Map<string, AccessRules | null>();
  known.set(ruled, ofApp);
  const rules = ofApp.get(name);
  if (rules !== undefined) return rules;
  const made = makeRules(ruled, name);
  ofApp.set(name, made);
  return made;
}

/** Whether what one caller gets is not for everybody. */
export function isForSome({ ways, ips }: AccessRules): boolean {
  return ways.length > 0 || ips !== undefined;
}

function makeRules({ tenant, app, manifest }: Ruled, name: string): AccessRules | null {
  const own = Object.hasOwn(manifest.functions, name) ? manifest.functions[name]! : {};
  const { access, rate, cors, ips } = { ...manifest, ...withoutUndefined(own) };
  const ways = waysOf(access).flatMap(checkedWay);
  if (ways.length === 0 && rate === undefined && cors === undefined && ips === undefined) return null;
  return { tenant, app, appName: manifest.name, function: name, ways, rate, cors, ips: ips && rangesOf(ips) };
}

function withoutUndefined(own: Partial<Manifest["functions"][string]>): Partial<Manifest["functions"][string]> {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}

function checkedWay(way: Way): CheckedWay[] {
  if (way === "public") return [];
  if (typeof way === "string") return [{ kind: way }];
  return [{ kind: "jwt", rule: { ...way.jwt, id: hash("sha256", JSON.stringify(way.jwt)) } }];
}

function rangesOf({ allow, deny = [] }: IpRule): IpRanges {
  return { allow: allow && new Ranges(allow), deny: new Ranges(deny) };
}
