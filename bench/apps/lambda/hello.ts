/** The same work as hello, in the style of AWS Lambda. */
export const handler = async () => ({ statusCode: 200, headers: { "content-type": "text/plain" }, body: "hello\n" });
