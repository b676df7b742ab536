/**
 * Resolves the variables of serverless.yml, such as `${self:custom.${opt:stage, 'dev'}.table}`, as Serverless Framework v3 does.
 *
 * 1. A value is resolved where it is asked for. So a variable that nothing of the functions needs may be one that nobody here can know.
 * 2. The first source that has a value counts. A source that only Amazon's cloud can tell makes the value an Unknown, even if another source follows: what follows
 *    is for another case.
 * 3. Nothing is run, and no file outside of the folder is read.
 */
import type { Budget } from "../document/budget.ts";
import { BadToolFile } from "../document/bad-tool-file.ts";
import { isMap, isScalar, shown, textOf, Unknown, type Value, type ValueMap } from "../document/value.ts";
import { partsOf, sourcesOf, type Source } from "./variable-syntax.ts";

export interface Sources {
  /** The whole file, unresolved. */
  self: ValueMap;
  budget: Budget;
  stage(): string;
  region(): string;
  /** Options of the command line by name, such as stage. */
  options: ReadonlyMap<string, string>;
  parameter(name: string): Value | undefined;
  variables: Readonly<Record<string, string | undefined>>;
  readFile(path: string): Value | undefined;
}

/** Sources in Amazon's cloud, and those of plug-ins. @returns why the value cannot be known */
const cloud = new Map([
  ["ssm", { why: "it is in Amazon's parameter store", isSecret: true }],
  ["cf", { why: "another stack in Amazon's cloud has it", isSecret: false }],
  ["s3", { why: "it is in a bucket of Amazon's", isSecret: false }],
]);

export class Resolver {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** The value with all variables in it resolved. @param at its place in the file, for errors */
  resolve(value: Value, at: string): Value {
    return this.#sources.budget.step(at, () => {
      if (typeof value === "string") return this.#text(value, at);
      if (Array.isArray(value)) return value.map((each, index) => this.resolve(each, `${at}[${index}]`));
      if (!isMap(value)) return value;
      return new Map([...value].map(([key, each]) => [key, this.resolve(each, at === "" ? key : `${at}.${key}`)]));
    });
  }

  /** What a dotted path leads to, resolved; undefined if there is nothing. */
  self(path: string, at: string): Value | undefined {
    const found = this.#walk(this.#sources.self, path, at);
    return found === undefined ? undefined : this.resolve(found, at);
  }

  #walk(root: Value, path: string, at: string): Value | undefined {
    let value: Value | undefined = root;
    for (const key of path === "" ? [] : path.split(".")) {
      // On the way, a value may be a variable that stands for a map.
      if (typeof value === "string") value = this.resolve(value, at);
      if (value instanceof Unknown) return value;
      if (isMap(value)) value = value.get(key);
      else if (Array.isArray(value)) value = /^\d+$/.test(key) ? value[Number(key)] : undefined;
      else return undefined;
    }
    return value;
  }

  #text(text: string, at: string): Value {
    const parts = partsOf(text, at);
    if (parts.length === 1 && typeof parts[0] === "object") return this.#variable(parts[0].variable, at);
    let joined = "";
    for (const part of parts) {
      const value = typeof part === "string" ? part : this.#variable(part.variable, at);
      if (value instanceof Unknown) return new Unknown(text, value.why, value.cure, value.isSecret);
      if (!isScalar(value))
        throw new BadToolFile(at, `\${${(part as { variable: string }).variable}} is ${shown(value)}, and stands within a text`);
      joined = this.#sources.budget.text(at, joined + String(value));
    }
    return joined;
  }

  /** @param inner what stands between the braces */
  #variable(inner: string, at: string): Value {
    return this.#sources.budget.step(at, () => {
      for (const source of sourcesOf(inner, at)) {
        const value = this.#source(source, at);
        if (value !== undefined && value !== null) return value;
      }
      const cure = /^\s*env:/.test(inner) ? "set the variable where you run mayfly" : "define it, or give it a default";
      return new Unknown(`\${${inner}}`, "none of its sources has a value", cure);
    });
  }

  #source(source: Source, at: string): Value | undefined {
    if ("literal" in source) return typeof source.literal === "string" ? this.#text(source.literal, at) : source.literal;
    if ("nested" in source) return this.resolve(source.nested, at);
    const address = this.#plain(source.address, at);
    const parameter = this.#plain(source.parameter, at);
    if (address instanceof Unknown) return address;
    if (parameter instanceof Unknown) return parameter;
    return this.#look(source.type, parameter, address, at);
  }

  /** The variables in an address. */
  #plain(text: string, at: string): string | Unknown {
    const value = this.#text(text, at);
    return value instanceof Unknown ? value : textOf(value);
  }

  #look(type: string, parameter: string, address: string, at: string): Value | undefined {
    const { options, variables, budget } = this.#sources;
    const whole = `\${${type}${parameter === "" ? "" : `(${parameter})`}:${address}}`;
    switch (type) {
      case "self":
        return this.self(address, at);
      case "opt":
        return options.get(address);
      case "env":
        return Object.hasOwn(variables, address) ? variables[address] : undefined;
      case "param":
        return this.#resolved(this.#sources.parameter(address), at);
      case "sls":
        return address === "stage"
          ? this.#sources.stage()
          : new Unknown(whole, "it is another at each run of the other tool", "write the value out");
      case "aws":
        return address === "region"
          ? this.#sources.region()
          : new Unknown(whole, "there is no account at Amazon here", "write the value out");
      case "strToBool":
        return /^(true|1)$/i.test(parameter) ? true : /^(false|0|null|undefined|)$/i.test(parameter) ? false : undefined;
      case "file":
        return budget.step(at, () => this.#file(parameter, address, whole, at));
      default: {
        const known = cloud.get(type);
        const { why, isSecret } = known ?? { why: `nothing here reads ${JSON.stringify(type)}`, isSecret: type === "vault" };
        return new Unknown(whole, why, isSecret ? "set it as a secret of the app" : "write the value out, or pass it by --env", isSecret);
      }
    }
  }

  #file(path: string, address: string, whole: string, at: string): Value | undefined {
    if (/\.[cm]?[jt]s$/.test(path)) return new Unknown(whole, "a program makes it, and none is run here", "write the value out");
    const content = this.#sources.readFile(path);
    if (content === undefined) return undefined;
    return this.#resolved(this.#walk(content, address, at), at);
  }

  #resolved(value: Value | undefined, at: string): Value | undefined {
    return value === undefined ? undefined : this.resolve(value, at);
  }
}
