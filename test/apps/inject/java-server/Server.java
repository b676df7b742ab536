import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

/** A program that makes the HTTPS request that the path names, host and path, and answers with the response's body, or the error. */
public class Server {
  public static void main(String[] arguments) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
    server.createContext(
        "/",
        exchange -> {
          String text;
          try {
            URI uri = URI.create("https:/" + exchange.getRequestURI().getPath().replaceFirst("^/[^/]+/call", ""));
            text = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
          } catch (Exception error) {
            text = error.toString();
          }
          byte[] body = text.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }
}
