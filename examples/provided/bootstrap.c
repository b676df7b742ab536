/*
 * A function in C: a program that asks AWS Lambda's Runtime API for its invocations, one at a time. Rust, C++ and Go have libraries for it.
 *
 *   cc -O2 -o examples/provided/bootstrap examples/provided/bootstrap.c
 *   mayfly deploy examples/provided
 *   curl "localhost:8080/native/greet/Ada"
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[1 << 20];

/* One request to the Runtime API. Returns the status; head and body are in `answer`. */
static int call(const char *method, const char *path, const char *body) {
  char host[64] = "";
  strncpy(host, getenv("AWS_LAMBDA_RUNTIME_API"), sizeof host - 1);
  char *colon = strchr(host, ':');
  *colon = 0;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  inet_pton(AF_INET, host, &to.sin_addr);
  int channel = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(channel, (struct sockaddr *)&to, sizeof to) != 0) return -1;
  dprintf(channel, "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", method, path, host, strlen(body), body);
  size_t length = 0;
  ssize_t got;
  while ((got = read(channel, answer + length, sizeof answer - 1 - length)) > 0) length += got;
  answer[length] = 0;
  close(channel);
  return atoi(answer + sizeof "HTTP/1.1");
}

/* Copies what follows `name` in the answer up to the character `end`. */
static void field(const char *name, char end, char *value, size_t size) {
  char *from = strstr(answer, name);
  size_t length = 0;
  if (from != NULL)
    for (from += strlen(name); from[length] != end && from[length] != 0 && length < size - 1;) length++;
  memcpy(value, from, length);
  value[length] = 0;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (;;) {
    char id[128], name[128], path[256], body[512];
    if (call("GET", "invocation/next", "") != 200) return 1;
    field("Lambda-Runtime-Aws-Request-Id: ", '\r', id, sizeof id);
    field("\"rawPath\":\"/", '"', name, sizeof name);
    printf("greeting %s\n", name);
    snprintf(body, sizeof body, "{\"statusCode\":200,\"body\":\"Hello, %s!\\n\"}", name[0] ? name : "world");
    snprintf(path, sizeof path, "invocation/%s/response", id);
    if (call("POST", path, body) != 202) return 1;
  }
}
