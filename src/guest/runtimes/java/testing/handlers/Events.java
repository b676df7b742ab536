package shop;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.ZonedDateTime;
import java.util.Calendar;
import java.util.Date;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

/** Classes as people and AWS's own library write them: immutable ones, other spellings of names, dates and bytes of every kind. */
public class Events {
  /** Made like those of S3's events: of final fields, by a constructor that takes a text for a time. */
  public static class Notification {
    private final List<Entry> records;

    public Notification(List<Entry> records) {
      this.records = records;
    }

    public List<Entry> getRecords() {
      return records;
    }
  }

  public static class S3 extends Notification {
    public S3(List<Entry> records) {
      super(records);
    }
  }

  public static class Entry {
    private final String awsRegion;
    private ZonedDateTime eventTime;
    private final Response responseElements;
    private final Thing object;

    public Entry(String awsRegion, String eventTime, Response responseElements, Thing object) {
      this.awsRegion = awsRegion;
      if (eventTime != null) this.eventTime = ZonedDateTime.parse(eventTime);
      this.responseElements = responseElements;
      this.object = object;
    }

    public String getAwsRegion() {
      return awsRegion;
    }

    public ZonedDateTime getEventTime() {
      return eventTime;
    }

    public Response getResponseElements() {
      return responseElements;
    }

    public Thing getObject() {
      return object;
    }
  }

  public static class Response {
    private final String xAmzId2;

    public Response(String xAmzId2) {
      this.xAmzId2 = xAmzId2;
    }

    public String getxAmzId2() {
      return xAmzId2;
    }
  }

  public static class Thing {
    private final String key;
    private final Long size;
    private final String eTag;

    public Thing(String key, Integer size) {
      throw new IllegalStateException("it is old");
    }

    public Thing(String key, Long size, String eTag) {
      this.key = key;
      this.size = size;
      this.eTag = eTag;
    }

    public String getKey() {
      return key;
    }

    public Long getSize() {
      return size;
    }

    public String geteTag() {
      return eTag;
    }
  }

  /** The getter and the setter spell the property in different ways, as those of SNS's events do. */
  public static class Message {
    private Map<String, String> sns;
    private Date at;
    private java.sql.Timestamp stamp;
    private Calendar day;
    private ByteBuffer data;
    private Money price;
    private String detailType;
    private Kind kind = Kind.OLD;
    private List<String> tags;
    public EnumSet<Kind> kinds;
    public EnumMap<Kind, Integer> counts;
    private Thing thing = new Thing("k", 1L, "e");

    public enum Kind {
      OLD
    }

    public Map<String, String> getSNS() {
      return sns;
    }

    public void setSns(Map<String, String> sns) {
      this.sns = sns;
    }

    public Date getAt() {
      return at;
    }

    public void setAt(Date at) {
      this.at = at;
    }

    public java.sql.Timestamp getStamp() {
      return stamp;
    }

    public void setStamp(java.sql.Timestamp stamp) {
      this.stamp = stamp;
    }

    public Calendar getDay() {
      return day;
    }

    public void setDay(Calendar day) {
      this.day = day;
    }

    public ByteBuffer getData() {
      return data;
    }

    public void setData(ByteBuffer data) {
      this.data = data;
    }

    public Money getPrice() {
      return price;
    }

    public void setPrice(Money price) {
      this.price = price;
    }

    public String getDetailType() {
      return detailType;
    }

    public void setDetailType(String detailType) {
      this.detailType = detailType;
    }

    public Kind getKind() {
      return kind;
    }

    public void setKind(Kind kind) {
      this.kind = kind;
    }

    public List<String> getTags() {
      return tags;
    }

    public void setTags(List<String> tags) {
      this.tags = tags;
    }

    public Thing getThing() {
      return thing;
    }

    public void setThing(Thing thing) {
      this.thing = thing;
    }

    public String getURL() {
      return "u";
    }
  }

  /** Made of a text, and shown by what it consists of. */
  public static class Money {
    private final BigDecimal amount;

    private Money(BigDecimal amount) {
      this.amount = amount;
    }

    public static Money valueOf(String text) {
      return new Money(new BigDecimal(text));
    }

    public BigDecimal getAmount() {
      return amount;
    }
  }

  /** How many authorities Java trusts by itself. */
  public int trusted(Object event) throws java.security.GeneralSecurityException {
    var factory = javax.net.ssl.TrustManagerFactory.getInstance(javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm());
    factory.init((java.security.KeyStore) null);
    return ((javax.net.ssl.X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers().length;
  }

  public S3 immutable(S3 event) {
    return event;
  }

  public Message message(Message message) {
    return message;
  }
}
