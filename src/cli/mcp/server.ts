/** The tools of `mayfly mcp` as a server of the Model Context Protocol. The protocol is the SDK's (@modelcontextprotocol/server). */
import { McpServer, type ServerContext } from "@modelcontextprotocol/server";
import { MayflyError } from "../../base/errors/error.ts";
import { failureText } from "../../base/errors/failure-text.ts";
import { forModel, inPlainLetters } from "./for-model.ts";
import type { Doing, Tool } from "./tool.ts";

export interface McpServerParts {
  version: string;
  /** What the model is told of the server. */
  instructions: string;
  tools: readonly Tool[];
}

export function createMcpServer({ version, instructions, tools }: McpServerParts): McpServer {
  const server = new McpServer({ name: "mayfly", title: "Mayfly", version }, { instructions });
  for (const { name, title, description, inputSchema, annotations, isForeign, run } of tools)
    server.registerTool(
      name,
      { title, description, inputSchema, annotations: { title, ...annotations } },
      async (given: unknown, context: ServerContext) => {
        try {
          return told(forModel(await run(given, doingOf(context)), isForeign), false);
        } catch (error) {
          // What a tool fails with is for the model to read, and no error of the protocol.
          return told(inWords(error), true);
        }
      },
    );
  return server;
}

function told(text: string, isError: boolean) {
  return { content: [{ type: "text" as const, text }], isError };
}

/** With the cure, by which a model can go on. The message may quote what a function has written. */
function inWords(error: unknown): string {
  if (!(error instanceof MayflyError)) return inPlainLetters(failureText(error));
  const { code, message, cure, docs } = error.body().error;
  return inPlainLetters(`${message}\nWhat to do: ${cure}\nThe error is ${code}; ${docs} explains it.`);
}

function doingOf({ mcpReq: { signal, notify, _meta } }: ServerContext): Doing {
  const progressToken = _meta?.progressToken;
  let progress = 0;
  return {
    signal,
    step(message) {
      if (progressToken === undefined) return;
      // A client that is gone hears of nothing.
      notify({ method: "notifications/progress", params: { progressToken, progress: ++progress, message } }).catch(() => undefined);
    },
  };
}
