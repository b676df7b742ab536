/**
 * Finds out what the functions of CloudFormation mean: `Ref`, `Fn::Sub`, `Fn::If` and the others. What only resources in Amazon's cloud have, such as a table's name, becomes
 * an Unknown, and so does all that is made of it.
 */
import { Budget } from "../document/budget.ts";
import { isMap, isScalar, shown, textOf, Unknown, type Value, type ValueMap } from "../document/value.ts";

/** What a template's values may name. */
export interface Scope {
  budget: Budget;
  /** Parameters with the values that they have; undefined for those without one. */
  parameters: Map<string, Value | undefined>;
  mappings: ValueMap;
  conditions: ValueMap;
  /** Such as `AWS::Region`. */
  pseudo: Map<string, string>;
}

/** Stands for `AWS::NoValue`: the key with this value is as if it were not there. */
const NO_VALUE = Symbol("no value");
type Result = Value | typeof NO_VALUE;

/** The value with all functions in it evaluated. @param at its place in the file, for errors */
export function evaluate(value: Value, scope: Scope, at: string): Value {
  const result = evaluateAt(value, scope, at);
  return result === NO_VALUE ? null : result;
}

/** Whether the condition holds; undefined if that cannot be known. */
export function holds(name: string, scope: Scope, at: string): boolean | undefined {
  return asBoolean(condition(name, scope, at));
}

function evaluateAt(value: Value, scope: Scope, at: string): Result {
  return scope.budget.step(at, () => {
    if (typeof value === "string") return dynamic(value);
    if (Array.isArray(value))
      return value.map((each, index) => evaluateAt(each, scope, `${at}[${index}]`)).filter((each) => each !== NO_VALUE);
    if (!isMap(value)) return value;
    if (value.size === 1) {
      const [[name, argument]] = value as unknown as [[string, Value]];
      const run = functions.get(name);
      if (run !== undefined) return run(argument, scope, at);
      if (name.startsWith("Fn::")) return new Unknown(name, "Mayfly does not know this function of CloudFormation", "write the value out");
    }
    const result: ValueMap = new Map();
    for (const [key, each] of value) {
      const own = evaluateAt(each, scope, `${at}.${key}`);
      if (own !== NO_VALUE) result.set(key, own);
    }
    return result;
  });
}

/** `{{resolve:ssm:/shop/key}}` in a text. */
function dynamic(text: string): Value {
  const [, service] = /\{\{resolve:([\w-]+):[^}]*\}\}/.exec(text) ?? [];
  if (service === undefined) return text;
  return new Unknown(text, `${service} is a store of Amazon's`, "set it as a secret of the app", true);
}

type Run = (argument: Value, scope: Scope, at: string) => Result;

const functions = new Map<string, Run>([
  ["Ref", (argument, scope) => reference(textOf(argument), scope)],
  ["Condition", (argument, scope, at) => condition(textOf(argument), scope, at)],
  ["Fn::GetAtt", (argument) => unknownResource([argument].flat().map(textOf).join("."))],
  [
    "Fn::ImportValue",
    (argument, scope, at) =>
      new Unknown(`Fn::ImportValue ${shown(evaluate(argument, scope, at))}`, "another stack exports it", "pass it by --env"),
  ],
  ["Fn::Sub", substitute],
  ["Fn::Join", join],
  ["Fn::Select", select],
  ["Fn::Split", split],
  ["Fn::If", choose],
  ["Fn::FindInMap", findInMap],
  ["Fn::Base64", (argument, scope, at) => onText(evaluate(argument, scope, at), (text) => Buffer.from(text).toString("base64"))],
  ["Fn::Equals", (argument, scope, at) => compare(listOf(argument, scope, at))],
  ["Fn::Not", (argument, scope, at) => negate(listOf(argument, scope, at)[0] ?? null)],
  ["Fn::And", (argument, scope, at) => combine(listOf(argument, scope, at), false)],
  ["Fn::Or", (argument, scope, at) => combine(listOf(argument, scope, at), true)],
  ["Fn::GetAZs", () => new Unknown("Fn::GetAZs", "there are no availability zones here", "write the value out")],
  ["Fn::Length", (argument, scope, at) => lengthOf(evaluate(argument, scope, at))],
  ["Fn::ToJsonString", (argument, scope, at) => toJson(evaluate(argument, scope, at), scope, at)],
]);

function reference(name: string, scope: Scope): Result {
  if (name === "AWS::NoValue") return NO_VALUE;
  const pseudo = scope.pseudo.get(name);
  if (pseudo !== undefined) return pseudo;
  if (!scope.parameters.has(name)) return unknownResource(name);
  return scope.parameters.get(name) ?? new Unknown(name, "the parameter has no default", `pass --parameter ${name}=…`);
}

function unknownResource(name: string): Unknown {
  return new Unknown(name, "it names a resource of Amazon's cloud, which does not exist here", "pass it by --env");
}

/** `${Name}`, `${Resource.Attribute}`, and `${!Text}` for a text in such braces. */
function substitute(argument: Value, scope: Scope, at: string): Result {
  const [given, own] = Array.isArray(argument) ? argument : [argument];
  if (typeof given !== "string") return new Unknown("Fn::Sub", `its first value is ${shown(given)} and no text`, "write the value out");
  let unknown: Unknown | undefined;
  const { grown } = scope.budget.growing(at);
  const text = given.replaceAll(/\$\{([^${}]*)\}/g, (all, name: string) => {
    if (name.startsWith("!")) return `\${${name.slice(1)}}`;
    const found = isMap(own) && own.has(name) ? evaluate(own.get(name)!, scope, at) : reference(name.trim(), scope);
    const value = found === NO_VALUE ? null : found;
    if (isScalar(value)) return grown(String(value));
    unknown ??=
      value instanceof Unknown
        ? new Unknown(given, value.why, value.cure, value.isSecret)
        : new Unknown(given, `${all} in it is no text`, "write the value out");
    return "";
  });
  return unknown ?? dynamic(scope.budget.text(at, text));
}

function join(argument: Value, scope: Scope, at: string): Value {
  const [separator, list] = listOf(argument, scope, at);
  const unknown = unknownIn([separator ?? null, list ?? null]);
  if (unknown !== undefined) return unknown;
  if (!Array.isArray(list)) return new Unknown("Fn::Join", "it joins what is no list", "write the value out");
  const { grown } = scope.budget.growing(at);
  const between = textOf(separator ?? "");
  return dynamic(list.map((each, index) => grown(index === 0 ? textOf(each) : between + textOf(each))).join(""));
}

function select(argument: Value, scope: Scope, at: string): Value {
  const [index, list] = listOf(argument, scope, at);
  const unknown = unknownIn([index ?? null, Array.isArray(list) ? (list[Number(index)] ?? null) : (list ?? null)]);
  if (unknown !== undefined) return unknown;
  const chosen = Array.isArray(list) ? list[Number(index)] : undefined;
  return chosen ?? new Unknown("Fn::Select", `its list has nothing at ${shown(index)}`, "write the value out");
}

function split(argument: Value, scope: Scope, at: string): Value {
  const [separator, text] = listOf(argument, scope, at);
  const unknown = unknownIn([separator ?? null, text ?? null]);
  if (unknown !== undefined) return unknown;
  const by = textOf(separator ?? "");
  return by === "" ? new Unknown("Fn::Split", "it splits by nothing", "write the value out") : textOf(text ?? "").split(by);
}

function choose(argument: Value, scope: Scope, at: string): Result {
  if (!Array.isArray(argument) || argument.length !== 3)
    return new Unknown("Fn::If", "it does not have a condition and two values", "write the value out");
  const [name, yes, no] = argument as [Value, Value, Value];
  const is = asBoolean(condition(textOf(name), scope, at));
  if (is === undefined)
    return new Unknown(
      `Fn::If ${textOf(name)}`,
      "whether the condition holds cannot be known",
      "pass the parameters that it needs by --parameter",
    );
  return evaluateAt(is ? yes : no, scope, at);
}

function findInMap(argument: Value, scope: Scope, at: string): Value {
  const [name, first, second, options] = listOf(argument, scope, at);
  const unknown = unknownIn([name ?? null, first ?? null, second ?? null]);
  if (unknown !== undefined) return unknown;
  let found: Value | undefined = scope.mappings;
  for (const key of [name, first, second]) found = isMap(found) ? found.get(textOf(key ?? "")) : undefined;
  const fallback = isMap(options) ? options.get("DefaultValue") : undefined;
  const what = [name, first, second].map((each) => shown(each)).join(", ");
  return (
    found ??
    fallback ??
    new Unknown(`Fn::FindInMap ${what}`, "Mappings has nothing there", "pass the parameters that it needs by --parameter")
  );
}

function condition(name: string, scope: Scope, at: string): Value {
  const given = scope.conditions.get(name);
  return given === undefined ? new Unknown(name, "there is no such condition", "define it in Conditions") : evaluate(given, scope, at);
}

function compare([a, b]: Value[]): Value {
  return unknownIn([a ?? null, b ?? null]) ?? (isScalar(a) && isScalar(b) ? String(a) === String(b) : false);
}

function negate(value: Value): Value {
  const is = asBoolean(value);
  return is === undefined ? value : !is;
}

/** @param decisive the value of one that decides for all: true for `or`, false for `and` */
function combine(values: Value[], decisive: boolean): Value {
  const all = values.map(asBoolean);
  if (all.includes(decisive)) return decisive;
  const at = all.indexOf(undefined);
  return at < 0 ? !decisive : values[at]!;
}

function asBoolean(value: Value): boolean | undefined {
  if (typeof value === "boolean") return value;
  return value === "true" ? true : value === "false" ? false : undefined;
}

function lengthOf(value: Value): Value {
  return value instanceof Unknown
    ? value
    : Array.isArray(value)
      ? value.length
      : new Unknown("Fn::Length", "it counts what is no list", "write the value out");
}

function toJson(value: Value, scope: Scope, at: string): Value {
  const unknown = unknownIn([value]);
  if (unknown !== undefined) return unknown;
  const { grown } = scope.budget.growing(at);
  const shownAs = function (this: unknown, key: string, each: unknown) {
    if (!Array.isArray(this)) grown(key);
    if (each instanceof Map) return Object.fromEntries(each as Map<string, unknown>);
    return typeof each === "string" ? grown(each) : each;
  };
  return JSON.stringify(value, shownAs);
}

function listOf(argument: Value, scope: Scope, at: string): Value[] {
  const value = evaluate(argument, scope, at);
  return Array.isArray(value) ? value : [value];
}

function onText(value: Value, use: (text: string) => string): Value {
  return value instanceof Unknown ? value : use(textOf(value));
}

/** The first Unknown among the values and the parts of lists and maps. */
function unknownIn(values: Value[]): Unknown | undefined {
  for (const value of values) {
    if (value instanceof Unknown) return value;
    const within = isMap(value) ? unknownIn([...value.values()]) : Array.isArray(value) ? unknownIn(value) : undefined;
    if (within !== undefined) return within;
  }
  return undefined;
}
