/* A client of the Runtime API in C, without any library beside libc: it answers each invocation with the path of its event, and crashes where the
   path asks for it. A connection for each request. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[1 << 16];

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

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (;;) {
    char id[128], raw[256], path[256], body[512];
    if (call("GET", "invocation/next", "") != 200) return 2;
    char *header = strstr(answer, "Lambda-Runtime-Aws-Request-Id: ");
    char *field = strstr(answer, "\"rawPath\":\"");
    if (header == NULL || field == NULL) return 3;
    sscanf(header, "Lambda-Runtime-Aws-Request-Id: %127[^\r]", id);
    sscanf(field, "\"rawPath\":\"%255[^\"]", raw);
    printf("C works on %s\n", raw);
    if (strcmp(raw, "/crash") == 0) *(volatile int *)8 = 1;
    snprintf(body, sizeof body, "{\"statusCode\":202,\"body\":\"C saw %s\"}", raw);
    snprintf(path, sizeof path, "invocation/%s/response", id);
    if (call("POST", path, body) != 202) return 4;
  }
}
