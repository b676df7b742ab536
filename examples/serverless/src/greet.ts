interface Event {
  routeKey: string;
  pathParameters?: Record<string, string>;
}

export const handler = async ({ routeKey, pathParameters }: Event) => ({
  statusCode: 200,
  headers: { "x-route": routeKey },
  body: `${process.env["GREETING"]}, ${pathParameters?.["proxy"]}!\n`,
});

export const nightly = async () => "done";
