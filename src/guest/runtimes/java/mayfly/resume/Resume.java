package mayfly.resume;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mayfly.Agent;
import mayfly.code.Environment;
import mayfly.wire.Protocol;

/** Answers a Resume: what a machine is told first, and after every pause. This runs before any user code. */
public final class Resume {
  private Resume() {}

  /** How many of the 64 bytes the kernel gets. Each source gets different bytes, so that none reveals another's. */
  private static final int KERNEL_BYTES = 24;

  private static final int SECURE_BYTES = 24;

  /** Read at once, because code may change what the properties say. */
  private static final String JAVA = System.getProperty("java.version");

  /**
   * @param ready the ReadyMessage
   * @param failures sentences on what could not be done
   */
  public record Result(Map<String, Object> ready, List<String> failures) {}

  /** @param isClone siblings may share all that the machine has drawn so far, because it is not bound for good, or was before it was frozen */
  public static Result answer(Map<?, ?> message, String transport, boolean isClone) {
    String kernel = kernelOf(transport);
    byte[] entropy = Base64.getDecoder().decode((String) message.get("entropy"));
    List<String> failures = new ArrayList<>();
    double now = ((Number) message.get("now")).doubleValue();
    // Sandboxes and bare processes use the host's clock and kernel, which are right.
    byte[] ofKernel = Arrays.copyOf(entropy, KERNEL_BYTES);
    if (kernel.equals("linux")) OwnKernel.settle(now, ofKernel, failures);
    else if (kernel.equals("osv")) OsvKernel.settle(now, ofKernel, failures);
    SecureSeeds.mixIn(Arrays.copyOfRange(entropy, KERNEL_BYTES, KERNEL_BYTES + SECURE_BYTES), failures);
    // Later the process is no clone of another any more, and the app may have seeded a generator on purpose.
    if (isClone) PlainSeeds.replace(Arrays.copyOfRange(entropy, KERNEL_BYTES + SECURE_BYTES, entropy.length), failures);
    Map<?, ?> versions = (Map<?, ?>) message.get("protocol");
    Map<String, Object> ready = new LinkedHashMap<>();
    ready.put("protocol", Math.min(((Number) versions.get("max")).intValue(), Protocol.VERSION));
    ready.put("agent", Agent.VERSION);
    ready.put("node", JAVA);
    ready.put("kernel", kernel);
    return new Result(ready, failures);
  }

  private static String kernelOf(String transport) {
    if (transport.equals("fd")) return "host";
    if (transport.equals("unix")) return "gvisor";
    return Environment.onOsv ? "osv" : "linux";
  }
}
