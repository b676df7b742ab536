/* The functions of the suite behind AWS Lambda's Runtime API: up to 16 threads, each of which
   asks for invocations of its own. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "functions.h"

static deed function;

static int request(const char *method, const char *path, const char *headers) {
  char host[64] = "";
  strncpy(host, getenv("AWS_LAMBDA_RUNTIME_API"), sizeof host - 1);
  char *colon = strchr(host, ':');
  *colon = 0;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  inet_pton(AF_INET, host, &to.sin_addr);
  int channel = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(channel, (struct sockaddr *)&to, sizeof to) != 0) exit(4);
  dprintf(channel, "%s /2018-06-01/runtime/invocation/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", method, path, host, headers);
  return channel;
}

/* Reads the response to its end. */
static void take(int channel, char *response, size_t size) {
  size_t length = 0;
  ssize_t got;
  while (length < size - 1 && (got = read(channel, response + length, size - 1 - length)) > 0) length += got;
  response[length] = 0;
  close(channel);
}

static void post(struct call *call, const char *kind, const char *body) {
  char path[160], headers[64], response[1024];
  snprintf(path, sizeof path, "%s/%s", call->id, kind);
  snprintf(headers, sizeof headers, "Content-Length: %zu\r\n", strlen(body));
  int channel = request("POST", path, headers);
  dprintf(channel, "%s", body);
  take(channel, response, sizeof response);
}

/* The text has nothing that JSON escapes but the ends of its lines. */
static void answer(struct call *call, const char *body) {
  char text[1024], *end = text;
  for (; *body != 0 && end < text + sizeof text - 3; body++) {
    if (*body == '\n') *end++ = '\\';
    *end++ = *body == '\n' ? 'n' : *body;
  }
  *end = 0;
  char reply[1200];
  snprintf(reply, sizeof reply, "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/plain\"},\"body\":\"%s\"}", text);
  post(call, "response", reply);
}

static void piece(struct call *call, const char *text, int first, int last) {
  char path[160], response[1024];
  snprintf(path, sizeof path, "%s/response", call->id);
  if (first) call->channel = request("POST", path, "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n");
  dprintf(call->channel, "%zx\r\n%s\r\n%s", strlen(text), text, last ? "0\r\n\r\n" : "");
  if (last) take(call->channel, response, sizeof response);
}

static void fail(struct call *call, const char *why) {
  char report[256];
  snprintf(report, sizeof report, "{\"errorType\":\"Deed\",\"errorMessage\":\"%s\",\"stackTrace\":[\"at misbehaves (functions.h)\"]}", why);
  post(call, "error", report);
}

/* The Runtime API tells no program that its invocation is unwanted. */
static void until_unwanted(struct call *call) {
  fail(call, "nobody would tell");
}

static void copy(const char *from, const char *name, char end, char *value, size_t size) {
  size_t length = 0;
  const char *field = strstr(from, name);
  if (field != NULL)
    for (field += strlen(name); field[length] != end && field[length] != 0 && length < size - 1; length++) value[length] = field[length];
  value[length] = 0;
}

static void *work(void *nothing) {
  char *event = malloc(1 << 16);
  for (;;) {
    struct call call;
    take(request("GET", "next", ""), event, 1 << 16);
    copy(event, "Lambda-Runtime-Aws-Request-Id: ", '\r', call.id, sizeof call.id);
    copy(event, "\"rawPath\":\"", '"', call.path, sizeof call.path);
    copy(event, "\"rawQueryString\":\"", '"', call.query, sizeof call.query);
    function(&call);
  }
}

int main(void) {
  function = function_called(getenv("_HANDLER"));
  pthread_t thread;
  int most = atoi(getenv("AWS_LAMBDA_MAX_CONCURRENCY"));
  for (int more = (most < 16 ? most : 16) - 1; more > 0; more--) pthread_create(&thread, NULL, work, NULL);
  work(NULL);
}
