// Google's functions-framework: an HTTP function in the framework's own process, served as its command line serves it.
const { http } = require("@google-cloud/functions-framework");

http("hello", (_request, response) => {
  response.type("text/plain").send("hello\n");
});
