import type { D1Database } from "../../../types/index.d.ts";

interface Asked {
  on?: string;
  how: "all" | "first" | "raw" | "exec" | "batch";
  sql: string[];
  params?: unknown[][];
  more?: unknown;
}

/** Asks env.DB or env.OTHER as the request says. */
export default {
  async fetch(request: Request, env: Record<string, D1Database>): Promise<Response> {
    const { on = "DB", how, sql, params = [], more } = (await request.json()) as Asked;
    const db = env[on]!;
    const answerTo = (way: Asked["how"]): Promise<unknown> => {
      const first = statements[0]!;
      switch (way) {
        case "exec":
          return db.exec(sql[0]!);
        case "batch":
          return db.batch(statements);
        case "raw":
          return first.raw(more as { columnNames: true });
        case "first":
          return first.first(more as string);
        default:
          return first.all();
      }
    };
    const statements = sql.map((each, at) => db.prepare(each).bind(...(params[at] ?? [])));
    try {
      return Response.json({ answer: await answerTo(how) });
    } catch (error) {
      return Response.json({ code: (error as { code?: string }).code ?? (error as Error).name, message: (error as Error).message });
    }
  },
};
