import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { LogLine, LogQuery, Logs } from "../store/logs/logs.ts";

export interface LogParts {
  catalog: Pick<Catalog, "names">;
  logs: Pick<Logs, "has" | "tail" | "follow">;
}

/** The log of an app or appliance, under its name. */
export interface NamedLog {
  name: string;
  /** Oldest first. */
  tail(query: Omit<LogQuery, "app">): Promise<LogLine[]>;
  /** As Logs.follow(), of which the lines have the id in place of the name. */
  follow(query: Omit<LogQuery, "app">, callback: (lines: readonly LogLine[]) => void): () => void;
}

/** Throws "no-such-app" if no app or appliance has the name and nothing was logged under it. */
export function logOf({ catalog: { names }, logs }: LogParts, tenant: string, name: string): NamedLog {
  const id = names.known(tenant, name);
  if (id === undefined || (names.holder(tenant, name) === undefined && !logs.has(id))) throw new MayflyError("no-such-app", { app: name });
  const named = (line: LogLine) => ({ ...line, app: name });
  return {
    name,
    tail: async (query) => (await logs.tail({ ...query, app: id })).map(named),
    follow: (query, callback) => logs.follow({ ...query, app: id }, callback),
  };
}
