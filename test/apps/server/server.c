/* A web server in C: it answers each request with its first line, and takes one connection at a time. With the parameter "deaf" it never listens. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count > 1 && strcmp(words[1], "deaf") == 0) {
    puts("up, and deaf");
    for (;;) pause();
  }
  int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT"))), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 16) != 0) return 2;
  for (;;) {
    static char request[1 << 16];
    char body[512];
    size_t length = 0;
    ssize_t got;
    int channel = accept(listener, NULL, NULL);
    request[0] = 0;
    while (strstr(request, "\r\n\r\n") == NULL && (got = read(channel, request + length, sizeof request - 1 - length)) > 0) request[length += got] = 0;
    if (length > 0) {
      request[strcspn(request, "\r")] = 0;
      printf("C works on %s\n", request);
      snprintf(body, sizeof body, "%s from C: %s", count > 1 ? words[1] : "", request);
      dprintf(channel, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(body), body);
    }
    close(channel);
  }
}
