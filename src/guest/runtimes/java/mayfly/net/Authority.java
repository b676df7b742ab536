package mayfly.net;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes TLS in the machine trust the host's certificate authority, which stands for the servers for which the host adds secrets to requests. */
public final class Authority {
  private Authority() {}

  /** The authorities that Debian's programs trust. */
  private static final Path SYSTEM = Path.of("/etc/ssl/certs/ca-certificates.crt");
  /** Java's password for what is not secret. */
  private static final char[] PASSWORD = "changeit".toCharArray();

  /**
   * From now on, what Java trusts by default includes the authority: nothing has used TLS before an app's code does.
   *
   * @param authority its certificate, as PEM
   * @return the variables by which programs trust it, too: most take a file with all authorities, some one with those that are added
   */
  public static Map<String, String> trust(String authority, Path folder) throws IOException, GeneralSecurityException {
    Path store = folder.resolve("mayfly-authorities.jks");
    Path added = folder.resolve("mayfly-authority.pem");
    Path whole = folder.resolve("mayfly-authorities.pem");
    writeStore(authority, store);
    System.setProperty("javax.net.ssl.trustStore", store.toString());
    System.setProperty("javax.net.ssl.trustStoreType", "JKS");
    Files.writeString(added, authority);
    Files.writeString(whole, (Files.exists(SYSTEM) ? Files.readString(SYSTEM) : "") + "\n" + authority);
    Map<String, String> variables = new LinkedHashMap<>();
    for (String name : List.of("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO")) {
      variables.put(name, whole.toString());
    }
    for (String name : List.of("NODE_EXTRA_CA_CERTS", "DENO_CERT")) variables.put(name, added.toString());
    return variables;
  }

  private static void writeStore(String authority, Path store) throws IOException, GeneralSecurityException {
    KeyStore all = KeyStore.getInstance("JKS");
    Path usual = Path.of(System.getProperty("java.home"), "lib", "security", "cacerts");
    try (InputStream in = Files.exists(usual) ? Files.newInputStream(usual) : null) {
      all.load(in, in == null ? null : PASSWORD);
    }
    InputStream pem = new ByteArrayInputStream(authority.getBytes(StandardCharsets.US_ASCII));
    all.setCertificateEntry("mayfly", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    try (OutputStream out = Files.newOutputStream(store)) {
      all.store(out, PASSWORD);
    }
  }
}
