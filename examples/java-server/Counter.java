// A plain web server of the JDK's own, which counts how often each name was greeted.
//
//   mayfly deploy examples/java-server
//   mayfly invoke counter/web/Ada
//
// The deploy compiles a single file. Anything larger is built before the deploy, as a jar: "command": ["java", "-jar", "app.jar"].

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

public class Counter {
    public static void main(String[] arguments) throws Exception {
        var counts = new ConcurrentHashMap<String, Integer>();
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT")));
        var server = HttpServer.create(address, 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            var name = exchange.getRequestURI().getPath().substring(1);
            var count = counts.merge(name, 1, Integer::sum);
            System.out.println("greeting " + name);
            var body = ("Hello, " + name + ", for time " + count + "!\n").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
    }
}
