/** For tests: translates a file that stands in the test. */
import { translateTemplate } from "../cloudformation/translate-template.ts";
import { parseDocument } from "../document/parse-document.ts";
import type { Value } from "../document/value.ts";
import type { ToolOptions } from "../options.ts";
import { translateServerless } from "../serverless/translate-serverless.ts";
import type { ToolFunction, Translation } from "../translation.ts";

export function noOptions(): ToolOptions {
  return { stage: undefined, parameters: new Map(), environment: new Map(), only: new Set(), except: new Set() };
}

interface Around {
  variables?: Record<string, string>;
  files?: Record<string, string>;
}

export function ofServerless(text: string, options: Partial<ToolOptions> = {}, { variables = {}, files = {} }: Around = {}): Translation {
  const readFile = (path: string): Value | undefined => (Object.hasOwn(files, path) ? parseDocument(files[path]!) : undefined);
  return translateServerless(parseDocument(text), { ...noOptions(), ...options }, { variables, readFile });
}

export function ofTemplate(text: string, options: Partial<ToolOptions> = {}, assets: Record<string, string> = {}): Translation {
  return translateTemplate(parseDocument(text), { ...noOptions(), ...options, stack: "shop", assets: new Map(Object.entries(assets)) });
}

/** What most tests compare of a function. */
export function inShort({ name, runtime, handler, routes, environment, access }: ToolFunction): object {
  return { name, runtime, handler, routes: routes.map(({ key }) => key), environment: Object.fromEntries(environment), access };
}
