/* The functions of the suite behind HTTP on $PORT: a thread and a connection for each request. The first parameter names the function. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "functions.h"

static deed function;

static void answer(struct call *call, const char *body) {
  const char *head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n";
  dprintf(call->channel, "%sContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);
}

static void piece(struct call *call, const char *text, int first, int last) {
  const char *head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  dprintf(call->channel, "%s%zx\r\n%s\r\n%s", first ? head : "", strlen(text), text, last ? "0\r\n\r\n" : "");
}

/* A server that has no answer closes the connection. */
static void fail(struct call *call, const char *why) {
  fprintf(stderr, "%s\n", why);
}

static void until_unwanted(struct call *call) {
  char byte;
  while (read(call->channel, &byte, 1) > 0);
}

static void *serve(void *accepted) {
  static const char mark[] = "\r\nx-mayfly-invocation: ";
  char request[1 << 16] = "";
  size_t length = 0;
  ssize_t got;
  struct call call = {.channel = (int)(long)accepted};
  while (strstr(request, "\r\n\r\n") == NULL && (got = read(call.channel, request + length, sizeof request - 1 - length)) > 0) request[length += got] = 0;
  if (sscanf(request, "%*s %255[^ ?]?%255[^ ]", call.path, call.query) > 0) {
    char *id = strcasestr(request, mark);
    if (id != NULL) sscanf(id + sizeof mark - 1, "%127[^\r]", call.id);
    function(&call);
  }
  close(call.channel);
  return NULL;
}

int main(int count, char **words) {
  function = function_called(words[1]);
  int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT"))), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 128) != 0) return 2;
  for (;;) {
    pthread_t thread;
    long channel = accept(listener, NULL, NULL);
    if (channel >= 0 && pthread_create(&thread, NULL, serve, (void *)channel) == 0) pthread_detach(thread);
  }
}
