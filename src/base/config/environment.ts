/**
 * Settings in the environment: `stateDir` is MAYFLY_STATE_DIR, `tls.cert` is MAYFLY_TLS_CERT. The text of a variable is converted to the
 * type of its setting; lists are separated by commas.
 */
import { z } from "zod";
import { likeliest } from "../words/likeliest.ts";
import { configSchema } from "./schema.ts";

interface Described {
  type?: string;
  properties?: Record<string, Described>;
}

/** The settings in `env`, converted but not yet checked. Other variables are ignored. */
export function settingsFromEnvironment(env: Record<string, string | undefined>): Record<string, unknown> {
  const described = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }) as Described;
  return collect(described, "MAYFLY", env) ?? {};
}

/** Variables of Mayfly that are no settings: commands use them to find a server. */
const others = new Set(["MAYFLY_CONFIG", "MAYFLY_TOKEN", "MAYFLY_TENANT", "MAYFLY_GATEWAY"]);

/**
 * Variables that are no settings, but are written nearly like one: they have no effect, and whoever has set them expects one. Others are not told, because
 * container platforms set variables of their own that begin alike, such as MAYFLY_SERVICE_HOST.
 */
export function misspeltVariables(env: Record<string, string | undefined>): { name: string; meant: string }[] {
  const described = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }) as Described;
  const settings = variablesIn(described, "MAYFLY");
  const bare = settings.map((name) => name.slice("MAYFLY_".length));
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith("MAYFLY_") || others.has(name) || settings.includes(name)) return [];
    const meant = likeliest(name.slice("MAYFLY_".length), bare);
    return meant === undefined ? [] : [{ name, meant: `MAYFLY_${meant}` }];
  });
}

function variablesIn(object: Described, prefix: string): string[] {
  return Object.entries(object.properties ?? {}).flatMap(([key, property]) => {
    const name = `${prefix}_${snake(key)}`;
    return property.properties ? variablesIn(property, name) : [name];
  });
}

/** For example variableOf("stateDir") is "MAYFLY_STATE_DIR". */
export function variableOf(key: string): string {
  return `MAYFLY_${snake(key)}`;
}

function collect(object: Described, prefix: string, env: Record<string, string | undefined>): Record<string, unknown> | undefined {
  const found: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(object.properties ?? {})) {
    const name = `${prefix}_${snake(key)}`;
    const value = property.properties ? collect(property, name, env) : typed(env[name], property.type);
    if (value !== undefined) found[key] = value;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

/** Text that cannot be converted stays text, so that the schema's error quotes what the user wrote. */
function typed(text: string | undefined, type: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (type === "array") return text.split(",").map((item) => item.trim());
  if (type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  if (type === "number" && /^-?(\d+(\.\d*)?|\.\d+)(e-?\d+)?$/i.test(text)) return Number(text);
  if (type === "boolean" && /^(true|false|1|0)$/.test(text)) return text === "true" || text === "1";
  return text;
}

function snake(key: string): string {
  return key.replace(/[A-Z.]/g, (letter) => `_${letter === "." ? "" : letter}`).toUpperCase();
}
