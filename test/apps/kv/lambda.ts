interface Context {
  env: { KV: { increment(key: string): Promise<number> } };
}

export async function handler(_event: unknown, context: Context): Promise<{ count: number; url: string | undefined }> {
  return { count: await context.env.KV.increment("from-lambda"), url: process.env["MAYFLY_KV_KV"] };
}
