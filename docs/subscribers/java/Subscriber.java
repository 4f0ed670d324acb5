import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Acts on every alert of one team, by topic: {@code java -cp 'lib/*' Subscriber.java}. */
public final class Subscriber {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws InterruptedException {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", System.getenv("TOCSIN_KAFKA_BOOTSTRAP_SERVERS"),
            "group.id", "payments-bot-java",
            "auto.offset.reset", "earliest",
            "enable.auto.commit", "false"); // by itself it would commit what a crash left undone
        var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                main.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try (consumer) {
            consumer.subscribe(List.of("tocsin.alerts.v1"));
            while (true) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    onRecord(record);
                }
                consumer.commitSync();
            }
        } catch (WakeupException stopped) {
            // Asked to stop: what was not committed comes again.
        }
    }

    /** Acts on one record. An alert may come twice with the same id: remember ids if acting twice would hurt. */
    static void onRecord(ConsumerRecord<String, byte[]> record) {
        if (!"payments".equals(record.key()) || !"tocsin.alert.raised.v1".equals(header(record, "ce_type"))) {
            return;
        }
        try {
            JsonNode alert = JSON.readTree(record.value()); // fields that are added later are passed over
            System.out.println(String.join(" ",
                alert.get("id").asText(), alert.get("severity").asText(), alert.get("headline").asText()));
        } catch (IOException | NullPointerException unreadable) {
            System.err.printf("%d/%d is no alert: %s%n", record.partition(), record.offset(), unreadable);
        }
    }

    private static String header(ConsumerRecord<String, byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }
}
