export async function handler(event: unknown): Promise<unknown> {
  return { got: event };
}
