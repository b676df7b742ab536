/**
 * Compares an answer with a recorded one, in which values that differ from run to run are placeholders, such as `<uuid:1>`. A placeholder stands for the same value
 * wherever it is in a test, and two that differ in their number alone for different values.
 */

export class Placeholders {
  readonly #values = new Map<string, string>();

  /** @param account that stands for AWS's account of the recordings */
  constructor(account: string) {
    this.#account = account;
  }

  readonly #account: string;

  /** The differences, as sentences; none if the answer is the recorded one. */
  differences(recorded: unknown, actual: unknown, path = ""): string[] {
    if (typeof recorded === "string") return this.#text(recorded, actual, path);
    if (Array.isArray(recorded)) return this.#list(recorded, actual, path);
    if (typeof recorded === "object" && recorded !== null) return this.#object(recorded as Record<string, unknown>, actual, path);
    return Object.is(recorded, actual) ? [] : [`${path} is ${shown(actual)}, and was recorded as ${shown(recorded)}`];
  }

  #object(recorded: Record<string, unknown>, actual: unknown, path: string): string[] {
    if (typeof actual !== "object" || actual === null || Array.isArray(actual))
      return [`${path} is ${shown(actual)}, and was recorded as an object`];
    const given = new Map(Object.entries(actual).filter(([, value]) => value !== undefined));
    const keys = Object.keys(recorded).filter((key) => !ignored.has(key));
    const missing = keys.filter((key) => !given.has(key)).map((key) => `${path}.${key} is missing; recorded: ${shown(recorded[key])}`);
    const extra = [...given.keys()]
      .filter((key) => !ignored.has(key) && !Object.hasOwn(recorded, key))
      .map((key) => `${path}.${key} was not recorded`);
    const others = keys.flatMap((key) => (given.has(key) ? this.differences(recorded[key], given.get(key), `${path}.${key}`) : []));
    return [...missing, ...extra, ...others];
  }

  #list(recorded: unknown[], actual: unknown, path: string): string[] {
    if (!Array.isArray(actual)) return [`${path} is ${shown(actual)}, and was recorded as a list`];
    if (actual.length !== recorded.length)
      return [`${path} has ${actual.length} items, and was recorded with ${recorded.length}: ${shown(actual)}`];
    return recorded.flatMap((each, at) => this.differences(each, actual[at], `${path}[${at}]`));
  }

  #text(recorded: string, actual: unknown, path: string): string[] {
    const wrong = () => [`${path} is ${shown(actual)}, and was recorded as ${shown(recorded)}`];
    if (anyText.has(recorded)) return actual === undefined || actual === null ? wrong() : [];
    const wanted = recorded
      .replaceAll("<<code-sha-256>:", "<code-sha256:")
      .replaceAll("111111111111", this.#account)
      .replaceAll(/<(.):len\((\d+)\)>/g, (_all, letter: string, count: string) => letter.repeat(Number(count)));
    const names: string[] = [];
    const pattern = wanted
      .split(/(<[a-zA-Z][^<>]*>)/)
      .map((part) => {
        if (!/^<[a-zA-Z][^<>]*>$/.test(part)) return escaped(part);
        names.push(part);
        return "([^]*?)";
      })
      .join("");
    const found = new RegExp(`^${pattern}$`).exec(textOf(actual));
    if (found === null || (names.length === 0 && typeof actual !== "string")) return wrong();
    return names.flatMap((name, at) => this.#bind(name, found[at + 1]!, path));
  }

  #bind(name: string, value: string, path: string): string[] {
    if (anything.has(name)) return [];
    const before = this.#values.get(name);
    if (before !== undefined) return before === value ? [] : [`${path}: ${name} is ${shown(value)}, and was ${shown(before)} before`];
    const kind = /^<([\w-]+):\d+>$/.exec(name)?.[1];
    const other =
      kind !== undefined && distinct.has(kind)
        ? [...this.#values].find(([known, its]) => known.startsWith(`<${kind}:`) && its === value)
        : undefined;
    this.#values.set(name, value);
    return other === undefined ? [] : [`${path}: ${name} is ${shown(value)}, which is ${other[0]}`];
  }
}

/** What some recordings have in the place of texts that differ from run to run. */
const anyText = new Set(["date", "datetime", "lambda-url", "code-sha256", "function-url", "log-result"]);
/** Of the connection, and not of the service. */
const ignored = new Set(["HTTPHeaders", "RetryAttempts", "HostId", "RequestId", "MaxAttemptsReached"]);
const anything = new Set([
  "<location>",
  "<layer-location>",
  "<code-size>",
  "<remaining-time-in-millis>",
  "<stack-trace>",
  "<approximate-first-receive-timestamp>",
]);
/** Kinds of which two placeholders never stand for one value. */
const distinct = new Set(["uuid", "code-sha256", "function-name"]);

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 300);
}
