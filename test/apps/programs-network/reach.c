/* Connects by plain system calls to where a caller says, as a program that listens on $PORT or one that asks the Runtime API: "?HOST&PORT&TIMES". It answers
   what each connection said, or the name of the error. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 200 };

static const char *name_of(int error) {
  switch (error) {
    case ECONNREFUSED: return "ECONNREFUSED";
    case ECONNRESET: return "ECONNRESET";
    case ENETUNREACH: return "ENETUNREACH";
    case EHOSTUNREACH: return "EHOSTUNREACH";
    default: return strerror(error);
  }
}

static int dial(const char *host, const char *port, const char **failure) {
  struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  int result = getaddrinfo(host, port, &wanted, &found);
  if (result != 0) {
    *failure = result == EAI_NONAME ? "EAI_NONAME" : result == EAI_AGAIN ? "EAI_AGAIN" : gai_strerror(result);
    return -1;
  }
  int channel = socket(found->ai_family, SOCK_STREAM, 0);
  if (connect(channel, found->ai_addr, found->ai_addrlen) != 0) {
    *failure = name_of(errno);
    close(channel);
    channel = -1;
  }
  freeaddrinfo(found);
  return channel;
}

/* All are open before the first is read. */
static void reach(const char *query, char *answer) {
  char host[256] = "", port[16] = "";
  int times = 1, channels[MOST];
  const char *failure = NULL;
  sscanf(query, "%255[^&]&%15[0-9]&%d", host, port, &times);
  for (int at = 0; at < times && at < MOST; at++) channels[at] = failure == NULL ? dial(host, port, &failure) : -1;
  answer[0] = 0;
  for (int at = 0; at < times && at < MOST; at++) {
    char said[64] = "";
    size_t length = 0;
    ssize_t got = 0;
    while (channels[at] >= 0 && (got = read(channels[at], said + length, sizeof said - 1 - length)) > 0) length += got;
    if (got < 0 && failure == NULL) failure = name_of(errno);
    if (channels[at] >= 0) close(channels[at]);
    strcat(answer, said);
  }
  if (failure != NULL) strcpy(answer, failure);
}

static size_t exchange(int channel, const char *request, char *reply, size_t size) {
  size_t length = 0;
  ssize_t got;
  if (request != NULL && write(channel, request, strlen(request)) < 0) return 0;
  while (length < size - 1 && (got = read(channel, reply + length, size - 1 - length)) > 0) {
    length += got;
    reply[length] = 0;
    if (request == NULL && strstr(reply, "\r\n\r\n") != NULL) break;
  }
  reply[length] = 0;
  return length;
}

static void serve(int port) {
  static char head[8192], answer[MOST * 64], reply[MOST * 64 + 256];
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server, (struct sockaddr *)&own, sizeof own) != 0 || listen(server, 64) != 0) exit(1);
  for (;;) {
    int channel = accept(server, NULL, NULL);
    if (exchange(channel, NULL, head, sizeof head) > 0) {
      char *query = strchr(head, '?');
      char *end = query == NULL ? NULL : strchr(query, ' ');
      if (end != NULL) *end = 0;
      reach(query == NULL ? "" : query + 1, answer);
      sprintf(reply, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %zu\r\n\r\n%s", strlen(answer), answer);
      if (write(channel, reply, strlen(reply)) < 0) perror("write");
    }
    close(channel);
  }
}

static void ask(const char *method, const char *path, const char *body, char *reply, size_t size) {
  char host[64] = "", request[MOST * 64 + 512];
  strncpy(host, getenv("AWS_LAMBDA_RUNTIME_API"), sizeof host - 1);
  char *colon = strchr(host, ':');
  *colon = 0;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  inet_pton(AF_INET, host, &to.sin_addr);
  int channel = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(channel, (struct sockaddr *)&to, sizeof to) != 0) exit(1);
  sprintf(request, "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", method, path, host, strlen(body), body);
  exchange(channel, request, reply, size);
  close(channel);
}

static void poll_invocations(void) {
  static char event[1 << 16], said[MOST * 64], answer[MOST * 64 + 2], path[256];
  for (;;) {
    ask("GET", "invocation/next", "", event, sizeof event);
    char *id = strcasestr(event, "lambda-runtime-aws-request-id: ");
    char *query = strstr(event, "\"rawQueryString\":\"");
    if (id == NULL || query == NULL) exit(1);
    query += strlen("\"rawQueryString\":\"");
    *strchr(query, '"') = 0;
    reach(query, said);
    for (char *at = said; *at != 0; at++) if (*at == '\n') *at = ' ';
    /* What is answered is JSON. */
    sprintf(answer, "\"%s\"", said);
    sprintf(path, "invocation/%.*s/response", (int)strcspn(id + 31, "\r\n"), id + 31);
    ask("POST", path, answer, event, sizeof event);
  }
}

int main(void) {
  if (getenv("AWS_LAMBDA_RUNTIME_API") != NULL) poll_invocations();
  serve(atoi(getenv("PORT")));
  return 0;
}
