package app;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Makes HTTPS requests as the caller's query says, and tells what became of them and where in the machine the secret can be found. */
public class Call {
  public record Event(Map<String, String> queryStringParameters) {}

  public record Answer(Integer status, String text, String error) {}

  public record Outcome(List<Answer> answers, List<String> holds) {}

  private HttpClient client;

  public Outcome call(Event event) {
    Map<String, String> query = event.queryStringParameters();
    List<Answer> answers = new ArrayList<>();
    for (int time = 0; time < Integer.parseInt(query.get("times")); time++) answers.add(answer(query));
    boolean holds = System.getenv().toString().contains(query.get("secret"));
    return new Outcome(answers, holds ? List.of("variables") : List.of());
  }

  private Answer answer(Map<String, String> query) {
    int bytes = Integer.parseInt(query.getOrDefault("bytes", "0"));
    String mine = query.getOrDefault("mine", "");
    URI uri = URI.create(query.get("url"));
    try {
      return query.get("way").equals("fetch") ? byConnection(uri, mine, bytes) : byClient(uri, mine, bytes, query.containsKey("ca"));
    } catch (Exception error) {
      return new Answer(null, null, error.toString());
    }
  }

  private Answer byClient(URI uri, String mine, int bytes, boolean byCa) throws Exception {
    if (client == null) client = HttpClient.newHttpClient();
    HttpClient own = byCa ? HttpClient.newBuilder().sslContext(trusting(System.getenv("CA"))).build() : client;
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).header("Authorization", mine).header("X-Mine", "1");
    if (bytes > 0) request.POST(HttpRequest.BodyPublishers.ofByteArray(new byte[bytes]));
    HttpResponse<String> response = own.send(request.build(), BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body(), null);
  }

  private static Answer byConnection(URI uri, String mine, int bytes) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setRequestProperty("Authorization", mine);
    connection.setRequestProperty("X-Mine", "1");
    if (bytes > 0) {
      connection.setDoOutput(true);
      connection.getOutputStream().write(new byte[bytes]);
    }
    int status = connection.getResponseCode();
    try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      return new Answer(status, new String(in.readAllBytes(), StandardCharsets.UTF_8), null);
    }
  }

  private static SSLContext trusting(String pem) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    InputStream in = new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8));
    store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }
}
