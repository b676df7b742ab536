package app;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Connects as Java's own classes do to where a caller says, and answers what was said there, or the error. */
public class Reach {
  public record Event(Map<String, String> queryStringParameters) {}

  public String within(Object event) {
    return "within";
  }

  public String reach(Event event) throws Exception {
    Map<String, String> query = event.queryStringParameters();
    String host = query.get("host");
    int port = Integer.parseInt(query.get("port"));
    Callable<String> one = () -> by(query.get("way"), host, port);
    int times = Integer.parseInt(query.getOrDefault("times", "1"));
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(times, 50));
    try {
      List<Future<String>> all = threads.invokeAll(java.util.Collections.nCopies(times, one));
      StringBuilder said = new StringBuilder();
      for (Future<String> each : all) said.append(each.get());
      return said.toString();
    } catch (ExecutionException error) {
      return nameOf(error.getCause());
    } finally {
      threads.shutdown();
      threads.awaitTermination(1, TimeUnit.MINUTES);
    }
  }

  private static String nameOf(Throwable error) throws Exception {
    if (error instanceof UnknownHostException) return "UnknownHostException";
    if (error instanceof ConnectException || error instanceof SocketException || error instanceof IOException) {
      return error.getMessage() != null && error.getMessage().contains("reset") ? "reset" : error.toString();
    }
    throw new Exception(error);
  }

  private static String by(String way, String host, int port) throws Exception {
    switch (way) {
      case "socket":
        try (Socket socket = new Socket(host, port)) {
          return text(socket.getInputStream().readAllBytes());
        }
      case "channel":
        try (SocketChannel channel = SocketChannel.open(new InetSocketAddress(host, port))) {
          ByteBuffer bytes = ByteBuffer.allocate(64);
          while (channel.read(bytes) >= 0) {}
          return text(java.util.Arrays.copyOf(bytes.array(), bytes.position()));
        }
      case "half":
        try (Socket socket = new Socket(host, port)) {
          socket.getOutputStream().write(new byte[1_000_000]);
          socket.shutdownOutput();
          return text(socket.getInputStream().readAllBytes());
        }
      case "tls":
        try (SSLSocket socket = (SSLSocket) tls().getSocketFactory().createSocket(new Socket(host, port), "localhost", port, true)) {
          return text(socket.getInputStream().readAllBytes());
        }
      case "http":
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + host + ":" + port + "/path")).build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
      case "name":
        List<String> found = new ArrayList<>();
        for (InetAddress address : InetAddress.getAllByName(host)) found.add(address.getHostAddress());
        return String.join(",", found);
      default:
        throw new IllegalArgumentException(way);
    }
  }

  private static SSLContext tls() throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    byte[] certificate = System.getenv("CA").getBytes(StandardCharsets.UTF_8);
    store.setCertificateEntry("ours", CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate)));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).strip();
  }
}
