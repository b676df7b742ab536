import quotes from "./quotes.json" with { type: "json" };

interface Event {
  pathParameters?: Record<string, string>;
}

export const list = async () => ({ statusCode: 200, body: JSON.stringify(quotes.map((_, at) => `quotes/${at + 1}`)) });

export const one = async ({ pathParameters }: Event) => {
  const quote = quotes[Number(pathParameters?.["number"]) - 1];
  return quote === undefined ? { statusCode: 404, body: "There is no such quote.\n" } : { statusCode: 200, body: `${quote}\n` };
};
